#!/usr/bin/env bash
# Looks whether this machine can be prepared at all. Changes nothing.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

check_system() {
    local system
    system="$(os_field ID) $(os_field VERSION_ID)"
    case $system in
        "ubuntu 22.04" | "ubuntu 24.04" | "ol 8."* | "ol 9."* | "debian 12") already "a known system, $system" ;;
        *) fail "This is $system, and the steps know Ubuntu 22.04 and 24.04, Oracle Linux 8 and 9 and Debian 12: take one\
 of these images, or follow setup/vm/README.md by hand." ;;
    esac
}

# The service is shut out of /home and /root, so that a learner cannot read the keys of the people who log in here.
check_home() {
    case $FACESWAP_HOME/ in
        /home/* | /root/*) fail "The clone is in $FACESWAP_HOME, where the service cannot go: move it to\
 /opt/faceswap-workshop and run setup/vm/prepare.sh there." ;;
    esac
    [[ -f $FACESWAP_HOME/setup/env.sh && -d $FACESWAP_HOME/notebooks ]] ||
        fail "$FACESWAP_HOME is not a clone of the workshop: give the right folder with --home."
    already "a clone in $FACESWAP_HOME"
}

# The environment's size as env.sh measured it, and room for the work, the swap file and the hub.
check_disk() {
    local free_mb need_mb=9000
    if [[ -n $(card_devices) ]]; then need_mb=16000; fi
    if [[ -e $FACESWAP_HOME/.venv/installed.txt ]]; then need_mb=1000; fi
    if [[ -n $FACESWAP_WITH && ! -e $user_home/faceswap-app/installed ]]; then need_mb=$((need_mb + 8000)); fi
    free_mb=$(df -Pm "$FACESWAP_HOME" | awk 'NR == 2 {print $4}')
    ((free_mb >= need_mb)) || fail "$FACESWAP_HOME has $free_mb MB left and the workshop needs $need_mb: free some space,\
 or make the boot volume larger (then on Oracle Linux: sudo /usr/libexec/oci-growfs -y), and run this again."
    already "enough disk, $free_mb MB free"
}

check_system
check_home
check_disk
