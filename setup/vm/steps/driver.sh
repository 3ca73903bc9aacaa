#!/usr/bin/env bash
# NVIDIA's driver, where one of its cards is in the machine. CUDA itself comes as wheels into .venv.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# Newest first. 580 is the last branch for Maxwell, Pascal and Volta ("supported through the NVIDIA 580.xx Legacy
# drivers", says 595 to a P100: anomixer/proxmox-vgpu-installer#29); CUDA 12.5 needs 525 or newer.
branches=(580 570 550 535)

works() { nvidia-smi -L >/dev/null 2>&1; }

# The open kernel modules need a card with a GSP: Turing and newer. "For older GPUs from the Maxwell, Pascal, or Volta
# architectures, the open-source GPU kernel modules are not compatible" (NVIDIA, "NVIDIA transitions fully towards
# open-source GPU kernel modules", July 2024; with both kinds in one machine it says: proprietary). Turing's first
# device number is 0x1e02 (TU102); P100 has 0x15f7 to 0x15f9, V100 0x1db0 to 0x1df6, A10 0x2236. From Hopper's
# successor on only the open ones work, so they are taken wherever they can be.
kind() {
    local device
    for device in $(card_devices); do
        if ((device < 0x1e00)); then return; fi
    done
    printf -- '-open'
}

available() { apt-cache show "$1" 2>/dev/null | grep -q '^Package:'; }

# Ubuntu's modules signed for the kernel that runs, and those that follow its updates; DKMS builds them for any other.
module_packages() {
    local variant=$1 release
    release=$(uname -r)
    if available "linux-modules-nvidia-$variant-$release"; then
        printf '%s\n' "linux-modules-nvidia-$variant-$release" "nvidia-headless-no-dkms-$variant"
        if available "linux-modules-nvidia-$variant-${release##*-}"; then
            printf '%s\n' "linux-modules-nvidia-$variant-${release##*-}"
        fi
    else
        printf '%s\n' "nvidia-headless-$variant" "linux-headers-$release"
    fi
}

choose_packages() {
    local branch variant
    for branch in "${branches[@]}"; do
        variant=$branch-server$(kind)
        available "nvidia-headless-no-dkms-$variant" || continue
        module_packages "$variant"
        # nvidia-smi, without which nobody can look; and nvidia-modprobe, which the service calls before it starts.
        printf '%s\n' "nvidia-utils-$branch-server"
        if available nvidia-modprobe; then echo nvidia-modprobe; fi
        return
    done
}

install_ubuntu() {
    local names
    quietly apt-get -qq -o DPkg::Lock::Timeout=600 update ||
        fail "Ubuntu's package lists could not be read: check the network (sudo apt update) and run this again."
    mapfile -t names < <(choose_packages)
    ((${#names[@]})) || fail "Ubuntu's package lists have no NVIDIA server driver: enable \"restricted\" in the apt sources\
 (sudo add-apt-repository restricted) and run this again."
    say "  for device $(card_devices | tr '\n' ' '): ${names[*]}"
    export DEBIAN_FRONTEND=noninteractive
    quietly apt-get -qq -o DPkg::Lock::Timeout=600 install --yes --no-install-recommends "${names[@]}" ||
        fail "The NVIDIA driver could not be installed (${names[*]}): the log has apt's words; run this again."
    modprobe nvidia 2>/dev/null || true
    works || fail "The NVIDIA driver is installed and waits for a reboot: sudo reboot, then run this again." 3
}

install_driver() {
    booted || fail "There is an NVIDIA card and no driver, and a container or chroot cannot load one: install it outside."
    case $(os_field ID) in
        ubuntu) install_ubuntu ;;
        ol) fail "There is an NVIDIA card and nvidia-smi does not work: Oracle's GPU images bring the driver, so take one\
 (Oracle-Linux-8.x-Gen2-GPU-… or Oracle-Linux-9.x-Gen2-GPU-…) instead of the plain image." ;;
        *) fail "There is an NVIDIA card and nvidia-smi does not work: install Debian's nvidia-driver (component\
 non-free) by hand, reboot and run this again." ;;
    esac
}

if [[ -z $(card_devices) ]]; then
    already "no NVIDIA card in this machine, no driver needed"
else
    ensure "NVIDIA driver for device $(card_devices | tr '\n' ' ')" works install_driver
fi
