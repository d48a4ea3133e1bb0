#!/usr/bin/env bash
# Makes what compose.yaml mounts: a county with fresh keys, and a folder for each of its services.
# usage: docker/make-county.sh [FOLDER]     FOLDER (docker/county) must not be there yet
# MUSTER names the program `muster`; else it is that of ./dev build, of PATH, or of the image muster:latest.
# MUSTER_PORT is the port of compose.yaml at which the command centre finds the broker (7100).
set -euo pipefail

readonly UID_OF_IMAGE=10001
folder=$(realpath -m "${1:-$(dirname "$0")/county}")
cd "$(dirname "$0")/.."

if [[ -e $folder ]]; then
    echo "make-county.sh: $folder is there already, with its keys; name another folder" >&2
    exit 73
fi
if [[ -n ${MUSTER:-} ]]; then
    muster=("$MUSTER")
elif [[ -x build/release/bin/muster ]]; then
    muster=(build/release/bin/muster)
elif command -v muster >/dev/null; then
    muster=(muster)
else
    # The folder above, because FOLDER itself is made by the program, whole or not at all.
    muster=(docker run --rm --network none --user "$(id -u):$(id -g)" --volume "$PWD:$PWD:ro"
        --volume "$(dirname "$folder"):$(dirname "$folder")" --workdir "$PWD"
        --entrypoint /usr/local/bin/muster muster:latest)
fi

made=$folder.new
trap 'rm -rf "$made"' EXIT
rm -rf "$made"
mkdir -p "$made/broker"
"${muster[@]}" keys init "$made/region" --region 370102 --name 历下区 \
    --roster agents/ctl/rosters/county.yaml --listen tcp://broker:7100 >/dev/null

cp "$made/region/broker.key" "$made/region/region.pub" "$made/region/genesis.bin" "$made/broker"
sed -e 's#^listen: .*#listen: tcp://0.0.0.0:7100#' -e 's#^log: .*#log: /var/lib/muster/log#' \
    "$made/region/musterd.yaml" >"$made/broker/musterd.yaml"
sed -i "s#^broker: .*#broker: tcp://127.0.0.1:${MUSTER_PORT:-7100}#" "$made/region/centre.yaml"

for agent in emergency-management.rescue-team fire-rescue.station-1 public-security.command \
    health.emergency-centre; do
    to=$made/${agent%%.*}
    mkdir "$to"
    cp "$made/region/agents/$agent.key" "$made/region/region.pub" "$to"
    cp "agents/agency/profiles/${agent%%.*}.yaml" "$to/profile.yaml"
    {
        sed -e 's#\.\./region.pub#region.pub#' -e 's#^journal: .*#journal: /var/lib/muster/journal.db#' \
            "$made/region/agents/$agent.yaml"
        echo "profile: profile.yaml"
    } >"$to/agent.yaml"
done

# The programs run as this user, and refuse a secret key that anybody else may read.
as_root=()
((EUID == 0)) || as_root=(sudo)
for to in broker emergency-management fire-rescue public-security health; do
    "${as_root[@]}" chown -R "$UID_OF_IMAGE" "$made/$to"
done
mv "$made" "$folder"
echo "made $folder; its command centre is $folder/region/centre.yaml"
