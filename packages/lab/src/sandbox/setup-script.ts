/**
 * Makes the place that an app sees, from inside the namespaces that were made for it, and becomes the app. In order:
 *
 * - the system's folders, each under an overlay: overlays over the whole root, or over /var, fail in a user namespace
 *   (`failed to clone lowerpath`: what is mounted below is locked);
 * - what may be written and should be empty: /tmp, /var, /run, the home. They are plain folders, so that what is written there is seen;
 * - what is to be hidden is marked as deleted before an overlay is made (`hide`): who is not root on this machine may delete nothing of root's,
 *   not even above it, and may make such a mark;
 * - nobody's home, and no other folder of the machine, but for the runtimes that the build names;
 * - the build at /app, the same path on every machine;
 * - at last the app (`runScript`): as process 1, or below a process 1 that reaps orphans and stays until the lab ends it, so that what the app
 *   leaves behind can be seen.
 *
 * Its variables arrive as LAB_*, and end here. Descriptor 3 is told how the app ended.
 */
export const setupScript = `
set -e
app_path=$PATH
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
root=$LAB_ROOT disk=$LAB_DISK
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$root"
hide() {
  echo "$LAB_HIDDEN" | while read -r hidden; do
    [ -e "$hidden" ] || [ -L "$hidden" ] || continue
    path=$(readlink -f "\${hidden%/*}")/\${hidden##*/}
    case "$path" in "$1"/*)
      mark=$2/\${path#"$1"/}
      mkdir -p "\${mark%/*}"; rm -rf "$mark"; mknod "$mark" c 0 0
    esac
  done
}
over() {
  mkdir -p "$root$1" "$disk/over$1/upper" "$disk/over$1/work"
  hide "$2" "$disk/over$1/upper"
  mount -t overlay overlay -o "\${LAB_OVERLAY}lowerdir=$2,upperdir=$disk/over$1/upper,workdir=$disk/over$1/work" "$root$1"
}
for entry in /usr /etc /opt /srv /bin /sbin /lib /lib32 /lib64 /libx32 /nix; do
  if [ -L "$entry" ]; then ln -s "$(readlink "$entry")" "$root$entry"
  elif [ -d "$entry" ]; then over "$entry" "$entry"
  fi
done
if [ "$LAB_READONLY" = 1 ]; then mkdir "$root/app"; mount --rbind "$LAB_TREE" "$root/app"; mount -o remount,bind,ro "$root/app"
else over /app "$LAB_TREE"
fi
for entry in tmp var run home; do mkdir "$root/$entry"; mount --bind "$disk/plain/$entry" "$root/$entry"; done
mkdir -p "$root/dev" "$root/proc" "$root/sys" "$root/old"
for device in null zero full random urandom tty; do : >"$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts" && ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"; ln -s /proc/self/fd/1 "$root/dev/stdout"; ln -s /proc/self/fd/2 "$root/dev/stderr"
mount --rbind /sys "$root/sys"
mount -t proc proc "$root/proc"
mkdir -p "$disk/seen"; printf '%s\\n' "$LAB_SEEN" >"$disk/seen/paths"
number=0
echo "$LAB_SEEN" | while read -r seen; do
  [ -n "$seen" ] || continue
  number=$((number + 1))
  mkdir -p "$root$seen" "$disk/seen/$number/upper" "$disk/seen/$number/work"
  hide "$(readlink -f "$seen")" "$disk/seen/$number/upper"
  mount -t overlay overlay -o "\${LAB_OVERLAY}lowerdir=$seen,upperdir=$disk/seen/$number/upper,workdir=$disk/seen/$number/work" "$root$seen"
done
for own in resolv.conf hosts; do
  rm -f "$root/etc/$own"; cp "$LAB_ETC/$own" "$root/etc/$own"
done
echo "$LAB_HIDDEN" | while read -r hidden; do [ ! -e "$root$hidden" ] || [ -z "$hidden" ] || rm -rf "$root$hidden"; done
cd "$root"
pivot_root . old
umount -l old
rmdir old
`;

/** Becomes the app, or stands above it. */
export const runScript = `
cd "$LAB_CWD"
[ -n "$app_path" ] || { app_path=$PATH; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; }
command=$LAB_COMMAND lead=$LAB_LEAD first=$LAB_FIRST
unset OLDPWD LAB_ROOT LAB_DISK LAB_TREE LAB_READONLY LAB_SEEN LAB_HIDDEN LAB_ETC LAB_OVERLAY LAB_COMMAND LAB_LEAD LAB_FIRST LAB_CWD
set +e
if [ "$first" = app ]; then
  PATH=$app_path exec 3>&- $lead sh -c "$command"
fi
trap : HUP INT TERM USR1 USR2
PATH=$app_path setsid $lead sh -c "$command" 3>&- &
app=$!
while :; do
  wait $app; status=$?
  kill -0 $app 2>/dev/null || break
done
echo "ended $status" >&3
exec 1>&- 2>&-
while :; do sleep 3600 3>&- & wait $!; done
`;
