# The machines: all alike but for their name, their place and the learner's key.

resource "oci_core_instance" "learner" {
  count      = local.machines
  depends_on = [terraform_data.checks]

  compartment_id      = var.compartment_ocid
  availability_domain = local.placement[count.index]
  display_name        = local.names[count.index]
  shape               = var.shape
  freeform_tags       = merge(local.tags, { machine = local.names[count.index] })

  # The provider reads the first when it creates a machine and the second when it changes one.
  is_pv_encryption_in_transit_enabled = true

  launch_options {
    is_pv_encryption_in_transit_enabled = true
  }

  dynamic "shape_config" {
    for_each = local.flexible ? [1] : []

    content {
      ocpus         = var.a1_ocpus
      memory_in_gbs = var.a1_memory_gb
    }
  }

  source_details {
    source_type             = "image"
    source_id               = try(local.image.id, null)
    boot_volume_size_in_gbs = local.boot_volume_gb
  }

  create_vnic_details {
    subnet_id        = oci_core_subnet.workshop.id
    nsg_ids          = [oci_core_network_security_group.workshop.id]
    assign_public_ip = true
    private_ip       = local.cluster == 0 ? null : local.scheduler
    hostname_label   = local.names[count.index]
  }

  # Version 1 of the metadata service answers any request, version 2 only those with a header: a web page that a
  # notebook opens cannot read the instance's credentials.
  instance_options {
    are_legacy_imds_endpoints_disabled = true
  }

  # Monitoring shows load and memory in the console. The management plugins run commands from the console: not needed.
  agent_config {
    is_monitoring_disabled = false
    is_management_disabled = true
  }

  metadata = {
    ssh_authorized_keys = local.keys[count.index]
    user_data           = base64encode(local.user_data)
  }

  lifecycle {
    # A newer image in the catalogue must not replace the machines of a class that is at work.
    ignore_changes = [source_details[0].source_id]
  }
}

locals {
  addresses = oci_core_instance.learner[*].public_ip
}
