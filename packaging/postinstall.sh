#!/bin/sh
set -e
if command -v systemd-sysusers >/dev/null; then
	systemd-sysusers terrane.conf
elif ! getent passwd terrane >/dev/null; then
	useradd --system --user-group --home-dir /var/lib/terrane --shell /usr/sbin/nologin terrane
fi
install -d -o terrane -g terrane -m 0750 /var/lib/terrane
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl try-restart terrane.service || true
fi
