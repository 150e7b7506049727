#!/usr/bin/env bash
# Generated requests to every operation of the OpenAPI document: see README.md. CASES in all, about.
set -euo pipefail
cases="${1:-500}"
operations="$(curl --silent "$SEMEME_URL/openapi.json" | python3 -c 'import json,sys; print(sum(len(p) for p in json.load(sys.stdin)["paths"].values()))')"
each=$(((cases + operations - 1) / operations))
echo "$operations operations, $each cases each"
# What hypothesis keeps goes with the service's folder, not into the one that this is called from.
export HYPOTHESIS_STORAGE_DIRECTORY="$(dirname "$SEMEME_LOG_FILE")/hypothesis"
exec schemathesis --config-file "$(dirname "${BASH_SOURCE[0]}")/schemathesis.toml" run "$SEMEME_URL/openapi.json" \
    --header "Authorization: Bearer $SEMEME_KEY" \
    --phases examples,coverage,fuzzing \
    --max-examples "$each" \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,use_after_free,ignored_auth \
    --seed 1 --continue-on-failure --request-timeout 70
