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
  image_begins  = "^${replace(local.image_system, " ", "-")}-${local.image_version}-"
  image_ends    = "[0-9]{4}\\.[0-9]{2}\\.[0-9]{2}-[0-9]+$"
  image_pattern = "${local.image_begins}${local.image_variant}${local.image_ends}"
  image         = try([for image in local.images : image if can(regex(local.image_pattern, image.display_name))][0], null)

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

  first_boot = {
    repository      = var.repository
    revision        = var.revision
    port            = var.jupyter_port
    hub             = var.hub
    learners        = var.learners
    with_faceswap   = var.with_faceswap
    forwarding_keys = local.forwarding_keys
    cluster         = local.cluster == 0 ? "" : "--scheduler ${local.scheduler} --workers ${local.worker_range}"
    let_in          = local.cluster == 0 ? "" : local.worker_range
    ports           = [for opening in local.openings : opening.ports if opening.to == "workshop"]
  }
  user_data      = templatefile("${path.module}/cloud-init.yaml", local.first_boot)
  metadata_bytes = length(base64encode(local.user_data)) + max([for key in local.keys : length(key)]...)

  user  = local.ubuntu ? "ubuntu" : "opc"
  login = [for address in local.addresses : "${local.user}@${address}"]

  # A cluster: so many of each thing that only it needs, none without workers.
  cluster      = var.workers > 0 ? 1 : 0
  scheduler    = "10.42.1.10" # not left to chance: workers are told it before the machine is there
  worker_range = "10.42.2.0/24"
  worker_names = [for i in range(var.workers) : format("%s-worker-%02d", var.workshop, i + 1)]

  # What the workshop's machine and the workers let in from one another, and nobody else. Ports as their firewalls write
  # them; of the workers those that setup/vm/faceswap-worker.service names.
  openings = { for name, opening in {
    scheduler = { to = "workshop", ports = "8786" }
    folders   = { to = "workshop", ports = "2049" } # NFS, version 4
    workers   = { to = "workers", ports = "9000-9199" }
    ssh       = { to = "workers", ports = "22" }
  } : name => opening if local.cluster == 1 }

  worker_image = try([for image in local.worker_images : image if can(regex("${local.image_begins}${local.image_ends}", image.display_name))][0], null)
  worker_domains = [for name in keys(local.offered) : name
    if contains(local.offered[name], var.worker_shape) && contains(["", name], var.availability_domain)
  ]
  worker_placement = [for i in range(var.workers) : try(element(local.worker_domains, var.spread ? i : 0), "none")]
  worker_user_data = templatefile("${path.module}/cloud-init.yaml", merge(local.first_boot, {
    hub             = false
    with_faceswap   = false
    forwarding_keys = []
    cluster         = "--scheduler ${local.scheduler}"
    let_in          = "${local.scheduler}/32"
    ports           = [for opening in local.openings : opening.ports if opening.to == "workers"]
  }))
}
