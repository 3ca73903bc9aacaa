# What one variable's own rule cannot see. On a resource of its own, which needs no provider: a reason is then given
# once and not for each of fifty machines, before any of them is asked for.

resource "terraform_data" "checks" {
  lifecycle {
    precondition {
      condition     = length(local.domains) > 0
      error_message = "${var.availability_domain == "" ? "No availability domain of ${var.region}" : var.availability_domain} offers ${var.shape} to this compartment. Choose another region, availability_domain or shape; domains here: ${join(", ", keys(local.offered))}."
    }

    precondition {
      condition     = local.image != null
      error_message = "No ${var.os} image fits ${var.shape} in ${var.region} (looked for ${local.image_pattern} among ${length(local.images)} images). Choose another os."
    }

    precondition {
      condition     = !local.flexible || (var.a1_memory_gb >= var.a1_ocpus && var.a1_memory_gb <= 64 * var.a1_ocpus)
      error_message = "VM.Standard.A1.Flex takes 1 to 64 GB of memory for each processor: ${var.a1_memory_gb} GB do not fit ${var.a1_ocpus} processors."
    }

    precondition {
      condition     = length(var.learner_keys) <= var.learners
      error_message = "There are ${length(var.learner_keys)} learner_keys for ${var.learners} learners: raise learners or take keys away."
    }

    precondition {
      condition     = !(var.hub && var.with_faceswap)
      error_message = "with_faceswap is for one machine a learner: Faceswap writes into its own folder, which a class cannot share. Leave out hub or with_faceswap."
    }

    precondition {
      condition     = local.cluster == 0 || (var.learners == 1 && !var.hub)
      error_message = "workers belong to one workshop machine, whose user they obey: set learners to 1 and leave out hub."
    }

    precondition {
      condition     = local.cluster == 0 || (var.worker_memory_gb >= 4 * var.worker_ocpus && var.worker_memory_gb <= 64 * var.worker_ocpus)
      error_message = "A worker takes 4 to 64 GB of memory for each processor, which runs one process: ${var.worker_memory_gb} GB do not fit ${var.worker_ocpus} processors."
    }

    precondition {
      condition     = local.cluster == 0 || length(local.worker_domains) > 0
      error_message = "${var.availability_domain == "" ? "No availability domain of ${var.region}" : var.availability_domain} offers ${var.worker_shape} to this compartment. Choose another worker_shape."
    }

    precondition {
      condition     = local.cluster == 0 || local.worker_image != null
      error_message = "No ${var.os} image fits ${var.worker_shape} in ${var.region}. Choose another os."
    }

    precondition {
      condition     = local.metadata_bytes <= 32000
      error_message = "Keys and preparation script together are ${local.metadata_bytes} bytes; a machine takes 32000. Ask learners for ed25519 keys, which are short."
    }
  }
}
