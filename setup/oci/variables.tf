# Where

variable "tenancy_ocid" {
  description = "OCID of the tenancy; the region's availability domains are listed with it."
  type        = string

  validation {
    condition     = can(regex("^ocid1\\.tenancy\\.[a-z0-9-]+\\.[a-z0-9-]*\\.[a-z0-9]+$", var.tenancy_ocid))
    error_message = "tenancy_ocid is not a tenancy's OCID (ocid1.tenancy.oc1..…); Console > profile menu > Tenancy shows it."
  }
}

variable "compartment_ocid" {
  description = "OCID of the compartment that gets everything; one of its own keeps the class apart from other work."
  type        = string

  validation {
    condition     = can(regex("^ocid1\\.(compartment|tenancy)\\.[a-z0-9-]+\\.[a-z0-9-]*\\.[a-z0-9]+$", var.compartment_ocid))
    error_message = "compartment_ocid is not a compartment's OCID (ocid1.compartment.oc1..…); Console > Identity > Compartments lists them."
  }
}

variable "region" {
  description = "Region identifier, such as eu-frankfurt-1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "region is not a region identifier such as eu-frankfurt-1 or us-ashburn-1."
  }
}

variable "availability_domain" {
  description = "Name of the availability domain, such as Uocm:PHX-AD-1; empty takes the first that offers the shape."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([A-Za-z0-9]+:[A-Z0-9-]+-AD-[1-9])?$", var.availability_domain))
    error_message = "availability_domain is neither empty nor a name such as Uocm:PHX-AD-1; `oci iam availability-domain list` prints them."
  }
}

variable "spread" {
  description = "Deal the machines out over all availability domains that offer the shape: limits and capacity are counted in each."
  type        = bool
  default     = false

  validation {
    condition     = var.spread != null
    error_message = "spread is true or false."
  }
}

# What

variable "workshop" {
  description = "Short name of the workshop; machines, network and tags carry it."
  type        = string
  default     = "faceswap"

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,13}[a-z0-9])?$", var.workshop))
    error_message = "workshop has at most 15 small letters, digits and hyphens, a letter first and no hyphen last: it becomes a host name."
  }
}

variable "until" {
  description = "The day by which all this should be gone, YYYY-MM-DD. A tag for people to read: nothing is deleted by it."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", var.until)) && can(formatdate("YYYY", "${var.until}T00:00:00Z"))
    error_message = "until is not a day of the calendar written YYYY-MM-DD."
  }
}

variable "learners" {
  description = "Number of learners, 1 to 50: as many machines, or as many accounts on one machine with hub."
  type        = number
  default     = 1

  validation {
    condition     = try(var.learners >= 1 && var.learners <= 50 && floor(var.learners) == var.learners, false)
    error_message = "learners is a whole number from 1 to 50."
  }
}

variable "hub" {
  description = "One machine with JupyterHub for the whole class, instead of one machine for each learner."
  type        = bool
  default     = false

  validation {
    condition     = var.hub != null
    error_message = "hub is true or false."
  }
}

variable "shape" {
  description = "Shape of every machine; faceswap_lib/cloud/prices.json says what each one has."
  type        = string
  default     = "VM.GPU.A10.1"

  validation {
    condition = contains([
      "VM.GPU.A10.1", "VM.GPU.A10.2", "VM.GPU3.1", "VM.GPU2.1", "VM.Standard.E2.1.Micro", "VM.Standard.A1.Flex"
    ], coalesce(var.shape, "none"))
    error_message = "shape is one of VM.GPU.A10.1, VM.GPU.A10.2, VM.GPU3.1, VM.GPU2.1, VM.Standard.E2.1.Micro, VM.Standard.A1.Flex."
  }
}

variable "a1_ocpus" {
  description = "Processors of a VM.Standard.A1.Flex; other shapes have their own number."
  type        = number
  default     = 2

  validation {
    condition     = try(var.a1_ocpus >= 1 && var.a1_ocpus <= 80 && floor(var.a1_ocpus) == var.a1_ocpus, false)
    error_message = "a1_ocpus is a whole number from 1 to 80."
  }
}

variable "a1_memory_gb" {
  description = "Memory of a VM.Standard.A1.Flex in GB, 1 to 64 for each processor; other shapes have their own."
  type        = number
  default     = 12

  validation {
    condition     = try(var.a1_memory_gb >= 1 && var.a1_memory_gb <= 512 && floor(var.a1_memory_gb) == var.a1_memory_gb, false)
    error_message = "a1_memory_gb is a whole number from 1 to 512."
  }
}

variable "os" {
  description = "Operating system. Oracle Linux has the NVIDIA driver in its image for GPU shapes; Ubuntu installs it while it prepares."
  type        = string
  default     = "ubuntu-24.04"

  validation {
    condition     = contains(["ubuntu-22.04", "ubuntu-24.04", "oracle-linux-8", "oracle-linux-9"], coalesce(var.os, "none"))
    error_message = "os is one of ubuntu-22.04, ubuntu-24.04, oracle-linux-8, oracle-linux-9."
  }
}

variable "boot_volume_gb" {
  description = "Size of each boot volume in GB, 50 to 32768; null means 150 with a GPU, else 50."
  type        = number
  default     = null

  validation {
    condition     = var.boot_volume_gb == null || try(var.boot_volume_gb >= 50 && var.boot_volume_gb <= 32768 && floor(var.boot_volume_gb) == var.boot_volume_gb, false)
    error_message = "boot_volume_gb is null or a whole number from 50 to 32768."
  }
}

# A cluster for many videos

variable "workers" {
  description = "Machines beside the workshop's that extract and convert for it, 0 to 20, with private addresses; 0 makes no cluster."
  type        = number
  default     = 0

  validation {
    condition     = try(var.workers >= 0 && var.workers <= 20 && floor(var.workers) == var.workers, false)
    error_message = "workers is a whole number from 0 to 20."
  }
}

variable "worker_shape" {
  description = "Shape of every worker, of x86 processors."
  type        = string
  default     = "VM.Standard.E5.Flex"

  validation {
    condition     = contains(["VM.Standard.E5.Flex", "VM.Standard.E4.Flex"], coalesce(var.worker_shape, "none"))
    error_message = "worker_shape is one of VM.Standard.E5.Flex, VM.Standard.E4.Flex."
  }
}

variable "worker_ocpus" {
  description = "Processors of a worker, of two threads each; it runs a process for each."
  type        = number
  default     = 2

  validation {
    condition     = try(var.worker_ocpus >= 1 && var.worker_ocpus <= 64 && floor(var.worker_ocpus) == var.worker_ocpus, false)
    error_message = "worker_ocpus is a whole number from 1 to 64."
  }
}

variable "worker_memory_gb" {
  description = "Memory of a worker in GB, 4 to 64 for each processor."
  type        = number
  default     = 16

  validation {
    condition     = try(var.worker_memory_gb >= 4 && var.worker_memory_gb <= 1024 && floor(var.worker_memory_gb) == var.worker_memory_gb, false)
    error_message = "worker_memory_gb is a whole number from 4 to 1024."
  }
}

# Who gets in

variable "ssh_from" {
  description = "Addresses that may connect by SSH, in CIDR notation: your own as 203.0.113.7/32, or the network of the classroom."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.ssh_from))
    error_message = "ssh_from is not an IPv4 range in CIDR notation such as 203.0.113.7/32 (the network of this stack has no IPv6)."
  }

  validation {
    condition     = try(tonumber(split("/", var.ssh_from)[1]) >= 16, !can(cidrnetmask(var.ssh_from)))
    error_message = "ssh_from is wider than /16: name your own address with /32, or the range of the classroom, never the whole internet."
  }

  validation {
    condition     = try(cidrsubnet(var.ssh_from, 0, 0) == var.ssh_from, true)
    error_message = "ssh_from does not begin its range: write a single address with /32, and a range by its first address."
  }

  validation {
    condition     = !can(regex("^(10|127|169\\.254|192\\.168|172\\.(1[6-9]|2[0-9]|3[01])|100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))\\.", var.ssh_from))
    error_message = "ssh_from is an address inside your own network; the machines see the one your router has on the internet (`curl https://ifconfig.me`)."
  }
}

variable "ssh_public_key" {
  description = "The instructor's public SSH key (the content of ~/.ssh/id_ed25519.pub, say): it opens every machine."
  type        = string

  validation {
    condition     = !can(regex("PRIVATE KEY", var.ssh_public_key))
    error_message = "ssh_public_key holds a PRIVATE key, which never leaves your computer: give the file that ends in .pub."
  }

  validation {
    condition     = can(regex("PRIVATE KEY|^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{60,}={0,3}( [^\\n]*)?\\n?$", var.ssh_public_key))
    error_message = "ssh_public_key is not one line that begins with ssh-ed25519, ssh-rsa or ecdsa-sha2-nistp256 (384, 521)."
  }
}

variable "learner_keys" {
  description = "Public SSH keys of learners. Key i opens machine i beside the instructor's; with hub they may only forward the notebook's port."
  type        = list(string)
  default     = []

  validation {
    condition     = try(alltrue([for key in var.learner_keys : !can(regex("PRIVATE KEY", key))]), true)
    error_message = "learner_keys holds a PRIVATE key: its owner should make a new pair and send the file that ends in .pub."
  }

  validation {
    condition = try(alltrue([for key in var.learner_keys :
      can(regex("PRIVATE KEY|^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{60,}={0,3}( [^\\n]*)?\\n?$", key))
    ]), false)
    error_message = "learner_keys is a list of lines that begin with ssh-ed25519, ssh-rsa or ecdsa-sha2-nistp256 (384, 521)."
  }
}

# What they run

variable "repository" {
  description = "Address from which every machine clones this kit: https, and readable without a password."
  type        = string

  validation {
    condition     = can(regex("^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~-]+)+/?$", var.repository))
    error_message = "repository is not an https:// address without user name or password, such as https://git.example.org/class/faceswap.git."
  }
}

variable "revision" {
  description = "Tag, commit or branch of the kit. A tag or a commit keeps machines that are made on different days the same."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]*$", var.revision))
    error_message = "revision is not the name of a tag, commit or branch (letters, digits, . _ / -)."
  }
}

variable "with_faceswap" {
  description = "Install deepfakes/faceswap for lab 8 on every machine: 3 to 8 GB and 5 to 15 minutes more, from its own address."
  type        = bool
  default     = false

  validation {
    condition     = var.with_faceswap != null
    error_message = "with_faceswap is true or false."
  }
}

variable "jupyter_port" {
  description = "Port of JupyterLab on the machine's own 127.0.0.1, and of the tunnel on the learner's."
  type        = number
  default     = 8888

  validation {
    condition     = try(var.jupyter_port >= 1024 && var.jupyter_port <= 65535 && floor(var.jupyter_port) == var.jupyter_port, false)
    error_message = "jupyter_port is a whole number from 1024 to 65535."
  }
}
