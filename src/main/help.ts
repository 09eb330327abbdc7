export const HELP = `Strongroom, a software HSM cluster driven with the CloudHSM CLI

Usage: strongroom <COMMAND> [OPTIONS]

Commands:
  start        Serve the HSM; the first start creates it
  stop         Ask the HSM to end, and wait until it has
  status       Show whether the HSM serves, and what it holds; exit status 0 only if it serves
  audit        Print the audit log and check its chain; logs in with CLOUDHSM_ROLE and CLOUDHSM_PIN, as an admin
  policy show  Show whether the policy trusted-wrapping is applied; logs in as audit does
  policy apply trusted-wrapping
               Let no user get at the value of a sensitive key, for good; logs in as audit does
  backup create
               Write a backup of the running HSM to a file, sealed; logs in as audit does
  backup restore <FILE>
               Make an HSM of a backup: a clone with an id of its own
  backup inspect <FILE>
               Show what a backup says about itself; nothing of it is proven
  env          Print the shell lines that point PKCS#11 programs at the HSM
  pkcs11       Serve PKCS#11 programs on a machine without an HSM, which is reached as the CLI does
  demo         Share a key and take it back, on an HSM that is gone afterwards
  node invite  Print a secret that lets one more machine into the cluster, within 10 minutes
  node join    Make this machine part of the cluster that printed the secret

Options:
      --home <DIR>          Directory of the HSM [default: $STRONGROOM_HOME or ~/.strongroom]
      --listen <HOST:PORT>  start: address to serve on, port 0 for any free one [default: 127.0.0.1:2223]
      --metrics <HOST:PORT> start: serve metrics for Prometheus there, without TLS; none for nowhere [default: none]
      --pkcs11 <PATH>       start: socket for PKCS#11 programs; none, or default for run/pkcs11.sock in the home
      --log <FILE>          start: file for the log; default for standard output, or log/strongroom.log in the home
                            with --detach
      --socket <PATH>       pkcs11, env: the same [default: run/pkcs11.sock in the home]
      --config <FILE>       pkcs11: client configuration [default: as for cloudhsm-cli]
      --mode <MODE>         start: found the HSM in the mode fips or non-fips [default: non-fips]
      --hsm-type <TYPE>     start: found it with the limits of hsm1.medium (which has fips only), hsm2m.medium
                            or unlimited [default: hsm2m.medium]
      --accept-rollback     start: go on with a store that may have lost its newest changes, which is audited
      --detach              start: in the background; returns when the HSM answers
      --json                status, audit, policy show: as JSON
      --to <FILE>           backup create: the new file
      --passphrase-file <FILE>
                            backup create: file with a passphrase that opens the backup as the master key does;
                            backup restore: the same; - for standard input or to be asked
      --master-key-file <FILE>
                            backup restore: data/master.key of the HSM that the backup is of
      --keep-id             backup restore: keep the id of the cluster, which must be gone for good
  -h, --help                Print help
  -V, --version             Print version

start remembers --listen, --metrics, --pkcs11 and --log. SIGHUP makes the HSM read its log and certificate anew.

An HSM of a cluster, which start remembers:
      --etcd <URL,URL…>            start, node join, backup restore: the members of etcd, such as https://10.0.0.1:2379
      --etcd-ca <FILE>             start, node join, backup restore: certificates of the CA of etcd
      --etcd-cert <FILE>           start, node join, backup restore: certificate for etcd to know this HSM by
      --etcd-key <FILE>            start, node join, backup restore: its private key
      --etcd-user <NAME>           start, node join, backup restore: user of etcd
      --etcd-password-file <FILE>  start, node join, backup restore: file with the password of that user
      --cluster-id <ID>            start: cluster to join, or to found if etcd has none of that name
      --hsm-id <ID>                start: name of this HSM in its cluster; audit: whose log [default: its own]
      --advertise <HOST:PORT>      start: how others reach this HSM [default: where it listens]
      --key-use-fence              start: found a cluster that does not rely on the rate of clocks
      --secret-file <FILE>         node join: file with the secret, - for standard input`
