#!/bin/bash
# Takes one order from its first report to its archive, through every route of the chat API that
# shops integrate with. Each request is printed with the part of its answer that matters; ids and
# times are replaced, so that two runs print the same (examples/walkthrough.expected). Stops at the
# first unexpected status.
#
# Needs bash, curl, jq and a running server:
#   ORDERCHAT_URL          where it listens, e.g. http://127.0.0.1:8080
#   ORDERCHAT_AUTH_SECRET  the secret it checks tokens with
#   ORDERCHAT              the orderchat program, which signs tokens; orderchat by default
set -euo pipefail

url=${ORDERCHAT_URL:?where the server listens, e.g. http://127.0.0.1:8080}
secret=${ORDERCHAT_AUTH_SECRET:?the secret the server checks tokens with}
program=${ORDERCHAT:-orderchat}

# Ids of this run, so that it can be repeated on the same database.
run=$(date +%s)-$$
order=A-10482-$run

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# ---------------------------------------------------------------------------------------- tools

# person WHO USER ROLE NAME [PHARMACY]: signs the token that the shop's backend gives to the app of
# that person, and keeps it under the name WHO.
declare -A tokens
person() {
    local args=(--sub "$2-$run" --role "$3" --name "$4")
    [ -z "${5:-}" ] || args+=(--pharmacy "$5-$run")
    tokens[$1]=$(env -i ORDERCHAT_AUTH_SECRET="$secret" "$program" token "${args[@]}")
}

# Ids, codes and times differ from run to run.
redact() {
    sed --regexp-extended \
        -e "s/-$run//g" \
        -e 's/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/<id>/g' \
        -e 's/CHAT-[0-9A-Z]{4}-[0-9A-Z]{4}/<code>/g' \
        -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/<time>/g'
}

step() { printf '\n%s\n' "$*"; }

# call STATUS WHO VERB PATH [BODY]: sends it with WHO's token, checks the status and keeps the
# answer for `show` and `field`.
call() {
    local expected=$1 who=$2 verb=$3 path=$4 body=${5:-}
    local args=(--silent --show-error --max-time 10 --request "$verb" --output "$folder/answer"
        --write-out '%{http_code}' --header "Authorization: Bearer ${tokens[$who]}")
    [ -z "$body" ] || args+=(--header 'Content-Type: application/json' --data "$body")
    : >"$folder/answer"
    local status
    status=$(curl "${args[@]}" "$url$path")
    echo "$who: $verb $path → $status" | redact
    if [ "$status" != "$expected" ]; then
        echo "expected $expected, the answer was:" >&2
        cat "$folder/answer" >&2
        exit 1
    fi
}

# show FILTER: prints what the jq filter takes out of the last answer.
show() { jq --compact-output "$1" "$folder/answer" | redact; }

# field FILTER: one value of the last answer, to go on with.
field() {
    jq --raw-output --exit-status "$1" "$folder/answer" && return
    echo "the last answer has no $1:" >&2
    cat "$folder/answer" >&2
    exit 1
}

# --------------------------------------------------------------------------------------- people

person service shop service Shop
person aisha aisha customer 'Aisha Rahman'
person sam sam customer 'Sam Fletcher'
person ravi ravi rider 'Ravi Menon'
person mei mei pharmacy 'Mei Tanaka' marigold
person admin nadia admin 'Nadia Petrova'

# report STATUS DELIVERY_STATUS RIDER: the order as the shop reports it.
report() {
    jq --null-input --arg run "$run" --arg status "$1" --arg delivery "$2" --argjson rider "$3" '{
        number: "10482", status: $status, delivery_status: $delivery,
        customer: {id: "aisha-\($run)", name: "Aisha Rahman", email: "aisha@example.com"},
        pharmacy: {id: "marigold-\($run)", name: "Marigold Lane Pharmacy",
            staff: [{id: "mei-\($run)", name: "Mei Tanaka"}, {id: "tom-\($run)", name: "Tom Okafor"}]},
        rider: $rider}'
}

rider="{\"id\": \"ravi-$run\", \"name\": \"Ravi Menon\"}"
chat=/api/chat

# ----------------------------------------------------------------------------- the order's room

step 'The shop reports a new order. Nobody has accepted it, so it has no room yet.'
call 201 service PUT "/api/orders/$order/" "$(report pending unassigned null)"
show '{number, status, delivery_status, is_active}'

step 'The pharmacy has a question at once and opens the room early. (1: POST rooms)'
call 201 mei POST $chat/rooms/ "{\"order\": \"$order\"}"
show '{title, status, participant_count, max_participants}'
room=$chat/rooms/$(field .id)

step 'The customer finds the room in her list. (2: GET rooms)'
call 200 aisha GET $chat/rooms/
show '.results[] | {title, order_number, order_status, unread_count}'

step 'She opens it. (3: GET room)'
call 200 aisha GET "$room/"
show '{room_id, status, order_number, my_participant: .my_participant.role_display}'

step 'The pharmacy gives it a title and a description. (4: PUT room)'
call 200 mei PUT "$room/" '{"title": "Antibiotics for Aisha", "description": "Keep in the fridge"}'
show '{title, description}'

step 'The order is accepted and gets its rider; the room tells everybody.'
call 200 service PUT "/api/orders/$order/" "$(report accepted assigned "$rider")"
show '{status, delivery_status, rider: .rider.name}'

step 'Who is in the room now? (5: GET participants)'
call 200 mei GET "$room/participants/"
show '[.results[] | {name: .user_full_name, role}] | sort_by(.name)'

# ---------------------------------------------------------------------------------- its people

step 'A neighbour will take the parcel. The shop makes him known, the pharmacy adds him. (6: POST participants)'
call 201 service PUT "/api/users/sam-$run/" '{"name": "Sam Fletcher", "role": "customer"}'
call 201 mei POST "$room/participants/" "{\"user\": \"sam-$run\"}"
show '{name: .user_full_name, role, is_active}'
sam_in_room=$chat/participants/$(field .id)

step 'The customer switches her own sounds off. (7: PUT participant)'
call 200 aisha GET "$room/"
call 200 aisha PUT "$chat/participants/$(field .my_participant.id)/" '{"notification_preferences": {"sound": false}}'
show '.notification_preferences'

# ------------------------------------------------------------------------------ what they say

step 'She writes. (8: POST messages)'
ask='{"content": "Can Sam take it? I am home at six.", "client_message_id": "m-1"}'
call 201 aisha POST "$room/messages/" "$ask"
show '{sender_name, content, status, notices}'
question=$chat/messages/$(field .id)

step 'Her phone lost the answer and sends again: it is the same message, not a second one.'
call 200 aisha POST "$room/messages/" "$ask"
show '{content, status}'

step 'The pharmacy replies. (9: POST reply)'
call 201 mei POST "$question/reply/" '{"content": "Of course, Sam only needs to sign."}'
show '{sender_name, sender_role, content, reply_to: .reply_to.excerpt}'
answer=$chat/messages/$(field .id)

step 'The customer corrects her message. (10: PUT message)'
call 200 aisha PUT "$question/" '{"content": "Can Sam take it? I am home at seven."}'
show '{content, is_edited}'

step 'Everything up to the reply is read. (11: POST read)'
call 200 aisha POST "$answer/read/"

step 'The pharmacy sends a price, sees that it is wrong, and takes it back. (12: DELETE message)'
call 201 mei POST "$room/messages/" '{"content": "That will be 12.50"}'
mistake=$chat/messages/$(field .id)
call 204 mei DELETE "$mistake/"

step 'The conversation, with what the server wrote. (13: GET messages)'
call 200 aisha GET "$room/messages/?limit=20"
show '.results[] | {seq, sender_name, message_type, content, is_edited, is_deleted}'

# --------------------------------------------------------------------------------- moderation

step 'The neighbour advertises; the pharmacy mutes him for an hour. (14: POST mute)'
call 201 sam POST "$room/messages/" '{"content": "Anybody interested in a used bike?"}'
call 200 mei POST "$sam_in_room/mute/" '{"reason": "off topic", "duration": 3600}'
show '{is_muted, is_active}'
call 403 sam POST "$room/messages/" '{"content": "It has new tyres!"}'
show '{title, status}'

step 'He goes on elsewhere, so an admin blocks him; to him the room no longer exists. (15: POST block)'
call 200 admin POST "$sam_in_room/block/" '{"reason": "advertising"}'
show '{is_blocked, is_active, ended}'
call 404 sam GET "$room/"

step 'Tom went home; the pharmacy takes him out of the room. (16: DELETE participant)'
call 200 mei GET "$room/participants/"
tom_in_room=$chat/participants/$(field '.results[] | select(.user_full_name == "Tom Okafor") | .id')
call 204 mei DELETE "$tom_in_room/"

# ---------------------------------------------------------------------------- delivery and end

step 'The rider is at the door, and the order arrives.'
call 201 ravi POST "$room/messages/" '{"content": "At your door."}'
call 200 service PUT "/api/orders/$order/" "$(report delivered completed "$rider")"
show '{status, delivery_status, is_active}'
call 201 aisha POST "$room/messages/" '{"content": "Got it, thank you both!"}'

step 'The pharmacy closes the room; from now on it is for reading. (17: POST close)'
call 200 mei POST "$room/close/" '{"reason": "delivered"}'
show '{status, close_reason, closed_by: .closed_by.name}'
call 409 aisha POST "$room/messages/" '{"content": "One more thing"}'
show '{title, status}'

step 'An admin archives it. (18: POST archive)'
call 200 admin POST "$room/archive/"
show '{status, message_count}'
call 200 aisha GET "$room/"
show '{status, unread_count}'

step 'This was only an example, so the admin deletes the room. (19: DELETE room)'
call 204 admin DELETE "$room/"
call 404 aisha GET "$room/"
