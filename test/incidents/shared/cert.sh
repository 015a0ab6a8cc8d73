#!/usr/bin/env bash
# cert.sh NAME HOST[,HOST…] [FROM_DAY [TO_DAY]]: makes NAME.pem (leaf and intermediate), NAME-leaf.pem (leaf alone), NAME.key
# and NAME-both.pem (chain and key in one file, as HAProxy likes it) in this folder, signed by the intermediate of an authority
# that is made at the first call: ca.pem. Days are counted from today; the default is -10 to 80.
set -eu
name=$1 hosts=$2 from=${3:--10} to=${4:-80}
day() { date -u -d "@$(($(date +%s) + $1 * 86400))" +%Y%m%d%H%M%SZ; }
exec 9>.cert.lock
flock 9
if [ ! -f ca.pem ]; then
  mkdir -p .ca && : >.ca/index && echo 1000 >.ca/serial
  cat >.ca/conf <<CONF
[ca]
default_ca = own
[own]
database = .ca/index
serial = .ca/serial
new_certs_dir = .ca
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
organizationName = optional
[req]
distinguished_name = dn
prompt = no
[dn]
CN = unused
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
CONF
  key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null || openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
  key .ca/root.key
  openssl req -x509 -new -config .ca/conf -extensions authority -key .ca/root.key -subj "/O=Harbour Goods/CN=Harbour Root" -days 3000 -out ca.pem
  key .ca/mid.key
  openssl req -new -config .ca/conf -key .ca/mid.key -subj "/O=Harbour Goods/CN=Harbour Issuing 2" -out .ca/mid.csr
  openssl ca -batch -notext -config .ca/conf -extensions authority -cert ca.pem -keyfile .ca/root.key -in .ca/mid.csr \
    -startdate "$(day -900)" -enddate "$(day 900)" -out mid.pem 2>/dev/null
fi
openssl ecparam -name prime256v1 -genkey -noout -out "$name.key"
openssl req -new -config .ca/conf -key "$name.key" -subj "/CN=${hosts%%,*}" -out ".ca/$name.csr"
printf 'subjectAltName = %s\nextendedKeyUsage = serverAuth\n' "DNS:${hosts//,/,DNS:}" >".ca/$name.ext"
openssl ca -batch -notext -config .ca/conf -extfile ".ca/$name.ext" -cert mid.pem -keyfile .ca/mid.key -in ".ca/$name.csr" \
  -startdate "$(day "$from")" -enddate "$(day "$to")" -out "$name-leaf.pem" 2>/dev/null
cat "$name-leaf.pem" mid.pem >"$name.pem"
cat "$name.pem" "$name.key" >"$name-both.pem"
