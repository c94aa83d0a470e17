"""The chain of the audit trail, computed again from what store_audit.h says and without a line of the daemon's
code: what each block names, in which order, and by which hashes."""

import base64
import hashlib

DOMAIN = b"usherd audit block\0"
BLOCK_MAX = 256
MEMBERS = ("v", "at", "event", "state", "detail", "actor", "person", "place", "request", "parts")
NOTHING = {"number": 0, "through": 0, "hash": base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")}


def _bytes(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def record_hash(line):
    return hashlib.blake2b(line, digest_size=32).digest()


def part_hash(name, part):
    """Of what may be erased alone: keyed with its salt."""
    return hashlib.blake2b(f"{name}\0{part['value']}".encode(), digest_size=32, key=_bytes(part["salt"])).digest()


def block_hash(block):
    said = hashlib.blake2b(DOMAIN, digest_size=32)
    said.update(block["number"].to_bytes(8, "big") + _bytes(block["previous"]))
    said.update(block["through"].to_bytes(8, "big") + len(block["records"]).to_bytes(8, "big"))
    for identifier, digest in block["records"]:
        said.update(identifier.encode() + _bytes(digest))
    return said.digest()


def _check_block(key, block, before):
    if key != f"{block['number']:016x}":
        yield f"block {block['number']} lies at {key}"
    if block["number"] != before["number"] + 1:
        yield f"block {block['number']} follows block {before['number']}"
    elif block["previous"] != before["hash"]:
        yield f"block {block['number']} names another block before it"
    if block["through"] <= before["through"]:
        yield f"block {block['number']} is older than the one before it"
    if block_hash(block) != _bytes(block["hash"]):
        yield f"block {block['number']} has another hash than it says"
    if not 1 <= len(block["records"]) <= BLOCK_MAX:
        yield f"block {block['number']} names {len(block['records'])} records"


def _check_records(records, block, before, ending):
    last = before["through"]
    for identifier, digest in block["records"]:
        item = records.get(identifier)
        if item is None:
            if not ending:
                yield f"block {block['number']} names {identifier}, which is gone"
            continue
        if record_hash(item.line) != _bytes(digest):
            yield f"{identifier} is not what block {block['number']} names"
        if not last <= item.created <= block["through"] or item.created == before["through"]:
            yield f"block {block['number']} names {identifier} of revision {item.created} after {last}"
        last = item.created


def _check_parts(identifier, item):
    hashes = item.value.get("parts", {})
    for name, part in item.parts.items():
        if name not in hashes or part_hash(name, part) != _bytes(hashes[name]):
            yield f"{identifier}: its part {name} is not the one that was written"


def _made_at(identifier):
    """The wall clock's milliseconds in a UUIDv7."""
    return int(identifier.replace("-", "")[:12], 16)


def _erased(records):
    """Whose parts were erased, each with the newest revision that tells of it."""
    told = {}
    for item in records.values():
        if item.value["event"] in ("person_erasing", "person_erased"):
            for identifier in item.value["detail"]["ids"]:
                told[identifier] = max(told.get(identifier, 0), item.created)
    return told


def _check_missing(identifier, item, erased, ended_before):
    """What is gone was erased as somebody's, or is an address that was kept long enough."""
    value = item.value
    subjects = {text for name, text in value.items() if name not in MEMBERS and isinstance(text, str)}
    subject = any(erased.get(text, 0) > item.created for text in subjects)
    actor, person = value["actor"], value.get("person")
    acted = any(erased.get(text, 0) > item.created for text in (person, actor.partition(":")[2])) or (
        subject and person is None and actor in ("person", "nobody"))
    for name in value.get("parts", {}):
        if name in item.parts:
            continue
        if name == "person" and not subject:
            yield f"{identifier}: what is about a person is gone, and nobody was erased"
        if name == "source" and not acted and _made_at(identifier) >= ended_before:
            yield f"{identifier}: the source is gone before its time, and nobody was erased"


def _check_mark(store, base, blocks):
    """meta/chain is a block of a while ago."""
    mark = store.items["meta/chain"].value if "meta/chain" in store.items else None
    if mark is None:
        yield "meta/chain is gone"
    elif mark["number"] > base["number"] and mark["hash"] != blocks.get(mark["number"], {}).get("hash"):
        yield f"meta/chain names block {mark['number']}, which is not there"


def breaches(store):
    """Everything that is not as it must be, in words."""
    chain, records = store.space("chain"), store.space("audit")
    base = chain["base"].value if "base" in chain else NOTHING
    blocks = sorted((key, item.value) for key, item in chain.items() if key.startswith("0"))
    before, named = base, set()
    for key, block in blocks:
        yield from _check_block(key, block, before)
        yield from _check_records(records, block, before, base.get("ending", 0) >= block["number"])
        for identifier, _ in block["records"]:
            if identifier in named:
                yield f"{identifier} is named again by block {block['number']}"
            named.add(identifier)
        before = block
    yield from _check_mark(store, base, {block["number"]: block for _, block in blocks})
    head = chain["head"].value if "head" in chain else NOTHING
    if (head["number"], head["hash"]) != (before["number"], before["hash"]):
        yield f"the head names block {head['number']}, the newest one is {before['number']}"
    erased = _erased(records)
    for identifier, item in records.items():
        if identifier not in named and item.created <= before["through"]:
            yield f"{identifier} is named by no block"
        yield from _check_parts(identifier, item)
        yield from _check_missing(identifier, item, erased, base.get("sources", 0))


def trimmed_to(store):
    """The revision up to which retention has taken the records away, or is about to; 0: none."""
    chain = store.space("chain")
    base = chain["base"].value if "base" in chain else NOTHING
    ending = chain.get(f"{base.get('ending', 0):016x}")
    return ending.value["through"] if ending else base["through"]


def unnamed(store):
    """The records that are too new for a block: soon there are none."""
    chain = store.space("chain")
    through = chain["head"].value["through"] if "head" in chain else 0
    return [identifier for identifier, item in store.space("audit").items() if item.created > through]
