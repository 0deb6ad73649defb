#!/usr/bin/env python3
"""What the library for a phone is made of: `bindings/kotlin/size.py LIBRARY`, which is one that is not stripped.

Symbols are added up by the crate that they come from. What has no symbol, tables for unwinding and relocations above all, is
told by its section.
"""

import re
import subprocess
import sys

PARTS = {
    "TLS and its roots": "rustls ring ring_core webpki webpki_roots untrusted rustls_pki_types rustls_platform_verifier rustls_native_certs",
    "HTTP": "reqwest hyper hyper_util hyper_rustls tokio_rustls http http_body http_body_util httparse httpdate tower tower_http tower_service tower_layer "
    "url idna idna_adapter icu_normalizer icu_properties icu_provider icu_collections icu_locale_core utf8_iter percent_encoding form_urlencoded "
    "zerovec zerotrie yoke want mime base64 ipnet iri_string bytes try_lock potential_utf tinystr writeable litemap",
    "numbers": "rlibphonenumber regex regex_lite regex_automata regex_syntax aho_corasick memchr prost protobuf dec_from_char",
    "runtime": "tokio mio socket2 parking_lot parking_lot_core futures_core futures_util futures_channel futures_task pin_project_lite slab signal_hook_registry "
    "std core alloc hashbrown gimli addr2line miniz_oxide rustc_demangle object panic_unwind panic_abort compiler_builtins libc unwind adler2",
    "JSON and values": "serde serde_core serde_json itoa ryu zmij time time_core deranged sha2 hmac digest block_buffer crypto_common cpufeatures hybrid_array rand "
    "rand_core getrandom chacha20 subtle zeroize tracing tracing_core once_cell",
    "ours": "egoi_verify egoi_verify_phone_native egoi_verify_runtime",
    "uniffi": "uniffi uniffi_core anyhow async_trait async_compat static_assertions bytes_",
}


# What ring has from BoringSSL bears no crate's name.
ASSEMBLER_OF_RING = tuple(
    [
        "ring_core",
        "bn_",
        "p256",
        "x25519",
        "aes",
        "_aes",
        "gcm_",
        "sha",
        "ecp_",
        "ge_",
        "fe_",
        "chacha",
        "poly1305",
        "vpaes",
        "fiat_",
        "k25519",
        "LIMBS",
        "curve25519",
        "mul4x",
        "mulx4x",
    ]
)


def crate_of(symbol: str) -> str:
    name = re.sub(r"^[<&*(\[]*(?:dyn |mut |impl )*[<&*(\[]*", "", symbol)
    return re.split(r"::|[ <>\[]", name, maxsplit=1)[0]


def main(library: str) -> None:
    of_crate = {crate: part for part, crates in PARTS.items() for crate in crates.split()}
    sizes = dict.fromkeys([*PARTS, "symbols of no crate"], 0)
    listed = subprocess.run(
        ["nm", "--demangle", "--print-size", library], capture_output=True, text=True, check=True
    ).stdout
    seen = set()
    for line in listed.splitlines():
        fields = line.split(maxsplit=3)
        if len(fields) < 4 or fields[2] in "bB" or (fields[0], fields[1]) in seen:
            continue
        seen.add((fields[0], fields[1]))
        size, name = int(fields[1], 16), fields[3]
        crate = crate_of(name)
        if name.startswith(("uniffi_", "ffi_")):
            crate = "uniffi"
        elif name.startswith(ASSEMBLER_OF_RING):
            crate = "ring"
        sizes[of_crate.get(crate, "symbols of no crate")] += size
    sections = subprocess.run(["size", "--format=sysv", library], capture_output=True, text=True, check=True).stdout
    section = {
        fields[0]: int(fields[1])
        for line in sections.splitlines()
        if len(fields := line.split()) == 3 and fields[1].isdigit()
    }
    for title, names in {
        "tables for unwinding": [".eh_frame", ".eh_frame_hdr", ".gcc_except_table"],
        "relocations and what else the loader needs": [
            ".rela.dyn",
            ".rela.plt",
            ".dynsym",
            ".dynstr",
            ".gnu.hash",
            ".hash",
            ".gnu.version",
        ],
    }.items():
        sizes[title] = sum(section.get(name, 0) for name in names)
    apart = (".bss", ".tbss", ".symtab", ".strtab", ".shstrtab", ".comment", ".debug")
    loaded = sum(size for name, size in section.items() if name.startswith(".") and not name.startswith(apart))
    sizes["constants without a symbol"] = loaded - sum(sizes.values())
    print("| part | bytes | share |\n| --- | --- | --- |")
    for part, size in sorted(sizes.items(), key=lambda item: -item[1]):
        print(f"| {part} | {size:,} | {100 * size / loaded:.0f} % |")
    print(f"| all | {loaded:,} | |")


if __name__ == "__main__":
    main(sys.argv[1])
