#!/usr/bin/env bash
# Runs programs on a processor this machine is not: a Sapphire Rapids of the emulator Bochs, with AVX-VNNI and AVX512-VNNI, under a
# kernel of one megabyte. The first call builds both from Debian's sources, in about six minutes, into $SOTTO_CACHE/bochs.
#
#   bochs.sh [-d FOLDER]... COMMAND...
#
# COMMAND is a shell line that begins with the path of a program; it travels with its libraries, FOLDER keeps its path. Prints what
# the programs print. Status 0 only when every COMMAND ended with 0.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/debian.sh"

[ "$(uname -m)" = x86_64 ] || die "runs programs of x86_64, which this machine does not build"

folders=()
while getopts d: option; do
  case $option in d) folders+=("$OPTARG") ;; *) exit 2 ;; esac
done
shift $((OPTIND - 1))

prefix=$sotto_cache/bochs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for package in bochsbios vgabios busybox-static isolinux syslinux-common; do want "$package"; done
want genisoimage genisoimage
want cpio cpio
want llvm-19 llvm-strip-19
install_wanted

if [ ! -x "$prefix/bochs" ]; then
  want g++ g++
  want make make
  install_wanted
  archive=$(debian_archive)
  /usr/lib/apt/apt-helper download-file "${archive%/}/pool/main/b/bochs/bochs_3.0+dfsg.orig.tar.xz" "$work/bochs.tar.xz" \
    SHA256:78f6c73d4a6472d5130a87ab9dc306d02c7c71ed8e25b3a8ef642e2a7acd282b >&2
  mkdir "$work/bochs"
  tar xf "$work/bochs.tar.xz" --strip-components=1 -C "$work/bochs"
  # An address of vpinsrb counts bytes; Bochs 3.0 counts words.
  sed -i '/BX_IA_EVEX_VPINSRB_VdqEbIb/s/OP_Ew/OP_Eb/' "$work/bochs/cpu/decoder/ia_opcodes_evex.def"
  say "building Bochs"
  (cd "$work/bochs" && ./configure --enable-x86-64 --enable-cpu-level=6 --enable-avx --enable-evex --enable-all-optimizations --enable-pci \
    --with-nogui --disable-plugins --disable-docbook CXXFLAGS=-O2 CFLAGS=-O2 && make -j"$(nproc)") > "$work/log" 2>&1 ||
    { tail -n 20 "$work/log" >&2; die "Bochs does not build"; }
  mkdir -p "$prefix"
  cp "$work/bochs/bochs" "$prefix/bochs"
fi

if [ ! -e "$prefix/vmlinuz" ]; then
  for package in linux-source libelf-dev; do want "$package"; done
  want gcc gcc
  want make make
  want bc bc
  want flex flex
  want bison bison
  install_wanted
  say "building a kernel"
  mkdir "$work/linux"
  tar xf "$(ls /usr/src/linux-source-*.tar.xz | tail -n 1)" --strip-components=1 -C "$work/linux"
  # Debian's own kernel stops in Bochs while starting.
  (
    cd "$work/linux"
    make -s tinyconfig
    printf 'CONFIG_%s=y\n' 64BIT PRINTK TTY SERIAL_8250 SERIAL_8250_CONSOLE BLK_DEV_INITRD RD_GZIP BINFMT_ELF BINFMT_SCRIPT PROC_FS \
      DEVTMPFS FUTEX EPOLL EVENTFD POSIX_TIMERS HIGH_RES_TIMERS SHMEM TMPFS FILE_LOCKING MULTIUSER ADVISE_SYSCALLS MEMBARRIER BUG > wanted
    scripts/kconfig/merge_config.sh -m .config wanted
    make -s olddefconfig
    make -s -j"$(nproc)" bzImage
  ) > "$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; die "the kernel does not build"; }
  cp "$work/linux/arch/x86/boot/bzImage" "$prefix/vmlinuz"
fi

# --- a compact disc with the kernel, the programs, their libraries and the folders ----------------------------------------------------
root=$work/root disc=$work/disc
mkdir -p "$root"/{bin,proc,dev,tmp} "$disc/isolinux" "$root$PWD"
cp "$(command -v busybox)" "$root/bin/busybox"
cat > "$root/init" <<'SH'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
exec > /dev/ttyS0 2>&1
. /commands
/bin/busybox sleep 1  # the serial line is slow
/bin/busybox reboot -f
SH
chmod +x "$root/init"
printf 'cd %q; export GTEST_COLOR=no\n' "$PWD" > "$root/commands"
for command in "$@"; do
  program=$(realpath "${command%% *}")
  for file in "$program" $(ldd "$program" | grep -o '/[^ ]*'); do
    mkdir -p "$root$(dirname "$file")"
    cp -Lu "$file" "$root$file"
  done
  llvm-strip-19 "$root$program"
  printf '%s %s; echo "== status $?"\n' "$program" "${command#"${command%% *}"}" >> "$root/commands"
done
for folder in "${folders[@]}"; do
  folder=$(realpath "$folder")
  mkdir -p "$root$(dirname "$folder")"
  cp -RL "$folder" "$root$folder"
done
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) > "$disc/initrd"
cp "$prefix/vmlinuz" "$disc/vmlinuz"
cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$disc/isolinux"
# clearcpuid: fast short rep movsb; with it the kernel faults for ever in Bochs. reboot=t: a triple fault, which ends Bochs.
cat > "$disc/isolinux/isolinux.cfg" <<'TEXT'
DEFAULT sotto
LABEL sotto
  KERNEL /vmlinuz
  INITRD /initrd
  APPEND console=ttyS0 loglevel=0 nokaslr mitigations=off idle=halt clearcpuid=580 reboot=t
TEXT
genisoimage -quiet -R -o "$work/disc.iso" -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table "$disc"
cat > "$work/bochsrc" <<TEXT
cpu: model=sapphire_rapids, count=1, ips=100000000, reset_on_triple_fault=0
memory: guest=1024
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.bin
ata0-master: type=cdrom, path="$work/disc.iso", status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev="$work/console"
display_library: nogui
log: "$work/log"
panic: action=fatal
error: action=ignore
info: action=ignore
TEXT

say "starting"
timeout 3000 "$prefix/bochs" -q -f "$work/bochsrc" > "$work/messages" 2>&1 < /dev/null || true
[ -s "$work/console" ] || { cat "$work/messages" "$work/log" >&2; die "the machine does not start"; }
tr -d '\r' < "$work/console" | sed '/^\[ *[0-9]*\.[0-9]*\] /d'
say "ended"
[ "$(grep -c '^== status 0' "$work/console")" -eq $# ]
