#!/usr/bin/env bash
# The few packages of the system that the workshop needs: Python with venv, git, curl. All else comes into .venv.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# iproute has ss, which the last step looks at the open ports with.
case $(os_field ID) in
    ubuntu | debian) family=apt packages=(python3 python3-venv git curl ca-certificates iproute2) ;;
    # Their own python3 is 3.6 or 3.9: too old.
    *) family=dnf packages=(python3.11 python3.11-pip git curl ca-certificates iproute util-linux) ;;
esac
# A cluster's folders: Oracle Linux has NFS's server and client in one package.
if [[ -n $FACESWAP_SCHEDULER ]]; then
    case $family in
        apt) packages+=(openssl) && if is_worker; then packages+=(nfs-common); else packages+=(nfs-kernel-server); fi ;;
        dnf) packages+=(openssl nfs-utils) ;;
    esac
fi
# Faceswap asks for tkinter wherever it runs, and for Python 3.11.
if [[ -n $FACESWAP_WITH ]]; then
    case "$(os_field ID) $(os_field VERSION_ID)" in
        "ubuntu 22.04") packages+=(python3-tk python3.11 python3.11-venv) ;;
        ubuntu* | debian*) packages+=(python3-tk) ;;
        *) packages+=(python3.11-tkinter) ;;
    esac
fi

missing_apt() {
    local name
    for name in "${packages[@]}"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || printf '%s\n' "$name"
    done
}
missing_dnf() {
    local name
    for name in "${packages[@]}"; do
        rpm -q --quiet --whatprovides "$name" 2>/dev/null || printf '%s\n' "$name"
    done
}
missing() { "missing_$family"; }

# A fresh Ubuntu is often at its own updates during the first minutes: wait for it.
install_apt() {
    export DEBIAN_FRONTEND=noninteractive
    quietly apt-get -qq -o DPkg::Lock::Timeout=600 update &&
        quietly apt-get -qq -o DPkg::Lock::Timeout=600 install --yes --no-install-recommends "$@"
}
install_dnf() { quietly dnf --quiet --assumeyes --setopt=install_weak_deps=False install "$@"; }

nothing_missing() { [[ -z $(missing) ]]; }
install_missing() {
    local names
    mapfile -t names < <(missing)
    "install_$family" "${names[@]}" ||
        fail "The packages ${names[*]} could not be installed: check the network (sudo $family update) and run this again."
}

tool=$family
if [[ $family == apt ]]; then tool=apt-get; fi
command -v "$tool" >/dev/null || fail "This machine has no $tool: take one of the images in setup/vm/README.md."
ensure "packages ${packages[*]}" nothing_missing install_missing
