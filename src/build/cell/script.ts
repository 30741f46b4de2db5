/**
 * What runs first inside a cell: a shell script that builds a small root and locks the door behind itself.
 *
 * It runs as root of a user namespace, in mount, process, host name and IPC namespaces of its own, none of which anybody else sees.
 */

/**
 * Arguments: the path that the working folder has, `host`, `isolated` or `none` for the network, folders to show besides the system's
 * programs (joined by colons), how many processes there may be and how many blocks of 512 bytes a file may have, then the program and
 * its arguments. It starts in the working folder, whose parents it may have no right to pass through.
 *
 * Only programs and libraries, name resolution and certificates of the machine are shown, all of them read-only. `/proc` is the one of
 * the namespace, so no process outside can be seen; what is left of `/sys` tells nothing of the outside network.
 */
export const CELL_SCRIPT = `
set -eu
work=$1; network=$2; extra=$3; processes=$4; blocks=$5; shift 5
# Whoever runs out of memory, this goes before the server does.
echo 1000 > /proc/self/oom_score_adj || :
# Where the bounds are lower already, they stay.
ulimit -c 0
ulimit -p "$processes" 2>/dev/null || :
ulimit -f "$blocks" 2>/dev/null || :
# Any folder will do to build on: nobody else sees it. The working folder, perhaps below it, stays in reach as the current one.
mount -t tmpfs -o size=16m,mode=755,nosuid,nodev tmpfs /tmp
mkdir -p "/tmp$work"
mount --no-canonicalize --bind . "/tmp$work"
cd /tmp
mount -o remount,bind,nosuid,nodev "/tmp$work"
mkdir -p etc proc sys dev/shm tmp run var/tmp outside
chmod 1777 tmp var/tmp dev/shm
show() {
  mkdir -p ".$1"
  mount --bind "$1" "/tmp$1"
  mount -o remount,bind,ro,nosuid,nodev "/tmp$1"
}
for name in usr bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$name" ]; then ln -s "$(readlink "/$name")" "$name"
  elif [ -d "/$name" ]; then show "/$name"; fi
done
for name in ssl ca-certificates pki alternatives; do
  if [ -d "/etc/$name" ]; then show "/etc/$name"; fi
done
for name in nsswitch.conf host.conf ld.so.cache localtime services protocols hosts; do
  if [ -f "/etc/$name" ]; then cp -L "/etc/$name" "etc/$name"; fi
done
case $network in
  host) cp -L /etc/resolv.conf etc/resolv.conf 2>/dev/null || : ;;
  isolated) echo 'nameserver 10.0.2.3' > etc/resolv.conf; echo '127.0.0.1 localhost' > etc/hosts ;;
  *) : > etc/resolv.conf; echo '127.0.0.1 localhost' > etc/hosts ;;
esac
echo 'root:x:0:0:root:/:/bin/sh' > etc/passwd
echo 'root:x:0:' > etc/group
mkdir etc/containers
echo '{"default":[{"type":"insecureAcceptAnything"}]}' > etc/containers/policy.json
: > etc/containers/registries.conf
IFS=:
for folder in $extra; do show "$folder"; done
unset IFS
mount -t proc -o nosuid,nodev,noexec proc proc
# Only possible where the network is ours; elsewhere it stays empty.
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys 2>/dev/null || :
for name in null zero full random urandom tty; do
  : > "dev/$name"
  mount --bind "/dev/$name" "dev/$name"
done
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
pivot_root . outside
umount -l /outside
rmdir /outside
cd "$work"
exec "$@"
`;

/** Waits for a line on its standard input before it becomes what its arguments say: there is time to put it into control groups. */
export const WAIT_SCRIPT = 'read -r go; exec "$@" < /dev/null';
