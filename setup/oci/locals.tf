# What follows from the variables and from what the region has (local.offered and local.images in data.tf). No
# resource is named here, so that the test can evaluate this file without an account.

locals {
  gpu      = strcontains(var.shape, "GPU")
  arm      = strcontains(var.shape, ".A1.")
  flexible = endswith(var.shape, ".Flex")
  ubuntu   = startswith(var.os, "ubuntu")

  machines       = var.hub ? 1 : var.learners
  names          = [for i in range(local.machines) : format("%s-%02d", var.workshop, i + 1)]
  boot_volume_gb = coalesce(var.boot_volume_gb, local.gpu ? 150 : 50) # 46.6 GB, the images' own, is too small for CUDA
  tags           = { workshop = var.workshop, until = var.until }
  dns_label      = replace(var.workshop, "-", "")

  # Only display names tell Minimal, ARM and GPU images apart: Canonical-Ubuntu-24.04-aarch64-2026.10.31-0, or
  # Oracle-Linux-9.6-Gen2-GPU-2026.10.23-0 (with the NVIDIA driver). Nothing else may stand before the date.
  image_system  = local.ubuntu ? "Canonical Ubuntu" : "Oracle Linux"
  image_version = local.ubuntu ? replace(regex("[0-9.]+$", var.os), ".", "\\.") : "${regex("[0-9]+$", var.os)}\\.[0-9]+"
  image_variant = local.arm ? "aarch64-" : (local.gpu && !local.ubuntu ? "Gen2-GPU-" : "")
  image_pattern = join("", [
    "^", replace(local.image_system, " ", "-"), "-", local.image_version, "-", local.image_variant,
    "[0-9]{4}\\.[0-9]{2}\\.[0-9]{2}-[0-9]+$"
  ])
  image = try([for image in local.images : image if can(regex(local.image_pattern, image.display_name))][0], null)

  # Availability domains in the order of their names; machine i goes to the first, or round them all.
  domains = [for name in keys(local.offered) : name
    if contains(local.offered[name], var.shape) && contains(["", name], var.availability_domain)
  ]
  placement = [for i in range(local.machines) : try(element(local.domains, var.spread ? i : 0), "none")]

  # One machine a learner: the instructor's key and that learner's. With hub the learners' keys go into the user data
  # instead, where they carry limits: a learner on the shared machine opens the tunnel and runs no command, or
  # `sudo` would make everyone its administrator.
  keys = [for i in range(local.machines) : join("\n", compact([
    trimspace(var.ssh_public_key), var.hub ? "" : trimspace(try(var.learner_keys[i], ""))
  ]))]
  forwarding_keys = [for key in var.hub ? var.learner_keys : [] :
    "restrict,port-forwarding,permitopen=\"127.0.0.1:${var.jupyter_port}\",command=\"/bin/false\" ${trimspace(key)}"
  ]

  user_data = templatefile("${path.module}/cloud-init.yaml", {
    repository      = var.repository
    revision        = var.revision
    port            = var.jupyter_port
    hub             = var.hub
    learners        = var.learners
    with_faceswap   = var.with_faceswap
    forwarding_keys = local.forwarding_keys
  })
  metadata_bytes = length(base64encode(local.user_data)) + max([for key in local.keys : length(key)]...)

  login = [for address in local.addresses : "${local.ubuntu ? "ubuntu" : "opc"}@${address}"]
}
