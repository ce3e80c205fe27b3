# shellcheck shell=bash
# Source this: the search for secrets in what is committed.

# Forms that services publish for their tokens, and tokens that are written out beside a telling name: Perl's regular expressions, one a line.
SECRET_PATTERNS=$REPO_ROOT/scripts/lib/secrets.patterns

# no_secrets [GIT-GREP-OPTION...]: prints each line of the folder's committed files that looks like a secret, and fails if there is one. What is
# none says "no secret" on its line. Lock files have nothing but checksums.
no_secrets() {
  ! git grep "$@" -I -n -P -f "$SECRET_PATTERNS" -- . ':!package-lock.json' ':!Cargo.lock' ':!scripts/lib/secrets.patterns' | grep -v 'no secret'
}
