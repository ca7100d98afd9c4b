#!/bin/sh
set -e
# "upgrade" stops nothing: the new package restarts the service. The data stay in any case.
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
	systemctl disable --now terrane.service || true
fi
