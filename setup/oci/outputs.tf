# What people type, complete lines, by machine.

output "tunnels" {
  description = "Run this on the learner's computer and leave it running: it carries JupyterLab's port over SSH."
  value = { for i, login in local.login :
    local.names[i] => "ssh -N -L ${var.jupyter_port}:127.0.0.1:${var.jupyter_port} ${login}"
  }
}

# Full path: the sudo of Oracle Linux does not look into /usr/local/bin.
output "tokens" {
  description = "Prints what opens JupyterLab while the tunnel runs: the address with the token, or with hub everyone's name and password."
  value = { for i, login in local.login :
    local.names[i] => "ssh ${login} sudo ${var.hub ? "cat /etc/faceswap-workshop/learners.txt" : "/usr/local/bin/faceswap-token"}"
  }
}

output "progress" {
  description = "Follows the preparation; it takes a while after the machine has started."
  value = { for i, login in local.login :
    local.names[i] => "ssh ${login} sudo tail -n +1 -F /var/log/faceswap-workshop.log"
  }
}

output "states" {
  description = "Says of every machine, one after the other, whether it is ready or why it failed."
  value = join("", [
    "for login in ${join(" ", local.login)}; do echo \"$login: $(ssh -o StrictHostKeyChecking=accept-new \"$login\" ",
    "'cat /var/lib/faceswap-workshop/ready /var/lib/faceswap-workshop/failed 2>/dev/null | grep . || echo still at work'",
    ")\"; done"
  ])
}

# The cluster's key is made on the workshop's machine and stands in no output, state or log.
output "cluster" {
  description = "With workers: the address to give --dask, on the workshop's machine."
  value       = local.cluster == 0 ? null : "tls://${local.scheduler}:8786"
}

output "workers" {
  description = "With workers: says of every one, through the workshop's machine, whether it is ready or why it failed."
  value = local.cluster == 0 ? null : join("", [
    "for worker in ${join(" ", local.worker_addresses)}; do echo \"$worker: $(ssh -o StrictHostKeyChecking=accept-new ",
    "-J ${local.login[0]} \"${local.user}@$worker\" ",
    "'cat /var/lib/faceswap-workshop/ready /var/lib/faceswap-workshop/failed 2>/dev/null | grep . || echo still at work'",
    ")\"; done"
  ])
}

output "image" {
  description = "Image that a machine made now gets."
  value       = try(local.image.display_name, "none")
}

output "billing" {
  description = "What stops the meter, and what does not."
  value = join(" ", [
    !local.gpu || strcontains(var.shape, "GPU.A10") ?
    "${var.shape}: stopping a machine in the console pauses its billing; its boot volume is billed on." :
    "${var.shape}: a machine is billed until it is terminated, also while it is stopped.",
    "Shutting the system down from inside (sudo poweroff) never stops billing.",
    "Last step of the day, before ${var.until}: destroy."
  ])
}

output "destroy" {
  description = "Ends machines, boot volumes, network and billing. What learners want to keep, they copy first."
  value       = "terraform destroy   (Resource Manager: the stack's page > Destroy)"
}
