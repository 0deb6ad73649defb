"""What the page says of each comparison, in its order. The figures come from the records."""

from __future__ import annotations

from typing import NamedTuple


class Comparison(NamedTuple):
    title: str
    what: str
    """What is compared, and how."""
    where: str = ""
    """Where the time goes: needed as soon as something else is faster."""


class Part(NamedTuple):
    title: str
    comparisons: dict[str, Comparison]
    """By the name in the records."""


PARTS = [
    Part(
        "Rust",
        {
            "rust-exchange": Comparison(
                "An HTTP exchange of the core",
                "`get` over V2. The floors are the same exchange with reqwest, the base of `Client`, and with hyper, the "
                "base of reqwest. They have no deadline, and decode neither JSON nor a phone number. The server is a "
                "thread on another processor and responds with a constant. Goal: at most 1.12 times reqwest one at a "
                "time, and 1.08 times with 64 at once.",
                "Ours takes 92,500 instructions and reqwest 75,700 (`callgrind`, plain). Of ours, 11,100 read the phone "
                "number and write it as E.164, 6,900 of them in rlibphonenumber; 4,900 decode the JSON; 3,100 make the "
                "URL; 1,500 wipe the response. The rest is the deadline's timer, and the note of a new connection. "
                "16,000 are spent in reqwest, which parses the URL of each request twice; the floor pays for that too.",
            ),
            "rust-engine": Comparison(
                "The engine in memory",
                "A request to a parsed number, and the validation of its code, on one processor. The floor is a `HashMap` "
                "that keeps a code under a counted id. It has no randomness, digest, lock, clock or limits. Goal: 4 µs, "
                "250,000 a second, with the limits off. The first table has the memory of a pending request (goal: 400 "
                "bytes). Another has the time of the slowest of many calls (goal: 5 ms).",
                "The engine does more than a map, and that makes it safe. It draws a code and an id from the operating "
                "system's randomness, in two system calls. It hashes the code with a key. It keeps a table of counters "
                "for each number, and a queue of expiries.",
            ),
            "rust-generation": Comparison(
                "Drawing a code",
                "The floor is one `getrandom` of 32 bytes. Each code needs one such call. Goal: at most 1.3 times.",
            ),
            "rust-numbers": Comparison(
                "Reading a phone number",
                "Numbers of eight countries. The floor is parsing with rlibphonenumber only. `PhoneNumber::parse` also "
                "checks that the number is possible in its country.",
            ),
        },
    ),
    Part(
        "Stores",
        {
            "rust-stores": Comparison(
                "A validation over each store",
                "The floor is the smallest operation of the store that can use a code up (goal: at most 1.25 times). In "
                "SQLite that is one UPDATE … RETURNING, with as many in one transaction as there are calls at once. In "
                "PostgreSQL it is the same as a prepared statement, over as many connections. In Redis it is one script. "
                "With limits on, a validation also reads the counters of the number. A second comparison is a lifecycle "
                "with many pending requests, relative to one with few (goal: at most 1.3 times). The servers run on the "
                "same machine, and their processor time counts with ours. Everything that SQLite and PostgreSQL "
                "acknowledged is on the disk.",
                "A validation also hashes the code, and draws an id that identifies a repeated command. It stores the "
                "latest eight of these ids, and locks the counters of the number before it reads the time. SQLite's calls "
                "go to another thread and back. Calls that arrive during a commit wait for the next transaction: 64 at "
                "once are two transactions. Each transaction also stores the time, which must never go back, and looks "
                "for expired requests. PostgreSQL runs a PL/pgSQL function that selects, decides and updates. Redis runs "
                "a script. The table above has the processor time of the server, or of SQLite's thread. The caller uses "
                "the rest.",
            ),
        },
    ),
    Part(
        "Python",
        {
            "python-blocking": Comparison(
                "`Client` against libraries for HTTP",
                "One read over V2 (`get`), and one validation, which is three exchanges. Each library sends the key, has "
                "a deadline, keeps its connections, and returns the same fields. 64 at once are 64 threads. Client and "
                "server are processes, each on its own processor. The floor is the core's client in Rust.",
                "pycurl is C around C. One call at a time, the kernel takes 53 % of our processor time, for sending, "
                "receiving and waiting; the native module takes 25 %, Python 13 % and the allocator 7 % (`perf`). Of "
                "pycurl's, the kernel takes 60 %, Python 19 % and libcurl 13 %. libcurl keeps a request from one call "
                "to the next; reqwest makes each anew, and parses its URL twice. With 64 threads, 6 MiB "
                "of the memory are the allocator's arenas (`MALLOC_ARENA_MAX=1` removes them); the rest was not traced.",
            ),
            "python-asyncio": Comparison(
                "`AsyncClient` against libraries for HTTP",
                "The same in an event loop; 64 at once are 64 tasks.",
                "One at a time, a call goes to the thread that drives the connections and back. This wakes two threads: "
                "the kernel takes 48 % of the processor time, Python 22 % and the native module 21 % (`perf`). The loop "
                "cannot drive the connections itself, because tokio does not show what it waits on.",
            ),
            "python-engine": Comparison(
                "`Engine` against pyotp and django-otp",
                "A request and the validation of its code in this process. All libraries pass the code to the same "
                "function. With pyotp, a dictionary keeps the number, the counter and the end of validity; it has no "
                "limits. django-otp uses its own model, the email device, on SQLite in memory. Its delivery is replaced "
                "as its documentation describes. Ours reads the phone number, limits wrong codes and SMS, and keeps "
                "finished requests for a day. `AsyncEngine` is compared with the same two libraries, because they have no "
                "asynchronous form.",
                "`Engine` (`perf`): 44 % of the time is Python's, for the calls and their results; 37 % the native "
                "module's; 10 % the kernel's, for drawing a code and an id; 8 % the allocator's. pyotp computes a code "
                "from a counter and reads no number. `AsyncEngine` on a store in memory runs a call in the loop's "
                "thread. It runs the send function in a new task, so that a call that is cancelled at once has sent "
                "nothing, and the loop needs two turns. 57 % is Python's and its loop's, 26 % the native module's, 8 % "
                "the allocator's, 7 % the kernel's.",
            ),
            "python-codes": Comparison(
                "Drawing a code",
                "From the operating system's randomness, in all three libraries, in the two most common sizes.",
            ),
            "python-start": Comparison(
                "Starting",
                "A new interpreter that imports the modules for a call, until its end.",
                "Most of our time is the standard library's `typing`, `dataclasses` and `enum`, and linking the native "
                "module.",
            ),
        },
    ),
    Part(
        "Node",
        {
            "node-client": Comparison(
                "`Client` against libraries for HTTP",
                "One read over V2 (`get`), with the response as a value. All threads of a client share one processor; the "
                "server has the other. The memory is measured in a process that makes 10,000 calls.",
                "One at a time, the kernel takes 48 % of our processor time (`perf`). A call wakes another thread, and "
                "its response wakes this thread. `node:http` and undici stay on one thread. The addon takes 24 %, Node "
                "18 %, of which 6 % are the stack of a possible error, and the allocator 9 %. With 64 at once the wake-ups are "
                "shared, and half is the HTTP client in Rust.",
            ),
            "node-engine": Comparison(
                "`Engine` against otplib",
                "A request and the validation of its code in this process. Both libraries pass the code to the same "
                "function. With otplib, a `Map` keeps the number, the counter and the end of validity; it has no limits. "
                "Ours reads the phone number, limits wrong codes and SMS, and keeps finished requests for a day.",
                "On a store in memory a call runs in JavaScript's own thread (`perf`): 46 % of the time is Node's, for "
                "promises, the stack of a possible error, and JSON; 31 % the addon's; 14 % the allocator's; 6 % the "
                "kernel's, for drawing a code and an id. otplib computes a code from a counter and reads no number.",
            ),
            "node-codes": Comparison(
                "Drawing a code",
                "The floor is one `getrandom`. The other is `crypto.randomInt`, which draws from a pool.",
                "`crypto.randomInt` asks the operating system once for many codes. Ours asks for each code, and no later "
                "code lies in memory before it is drawn. The call into native code and back takes as long again.",
            ),
            "node-start": Comparison(
                "Starting",
                "A new process that loads the modules for a call, until its end.",
                "Most of our time is linking the addon.",
            ),
        },
    ),
    Part(
        "Kotlin",
        {
            "kotlin-client": Comparison(
                "`Client` against libraries for HTTP",
                "One read over V2 (`get`), with the response as a value, in a warm virtual machine. All threads of a "
                "client share one processor; the server has the other. Ktor uses OkHttp, because its own engine, CIO, "
                "makes a connection for every call.",
                "A suspending call goes to the thread that drives the connections and back, and a blocking call stays in its "
                "thread. OkHttp and `java.net.http` wait in the thread of the coroutine where one call is made at a time.",
            ),
            "kotlin-border": Comparison(
                "Going into native code and back",
                "A call of an engine in memory, which stays in the thread that calls. The floor is a call by JNA with a "
                "number each way.",
                "The engine's own work is in it, the bytes of the call, and the reply as an object.",
            ),
        },
    ),
    Part(
        "Swift",
        {
            "swift-client": Comparison(
                "`Client` against URLSession",
                "One read over V2 (`get`), with the response as a value. All threads of a client share one processor; the "
                "server has the other. URLSession comes from Foundation on Linux, with `JSONDecoder` and room for 64 "
                "connections. Both run in one process.",
                "A call goes to the thread that drives the connections and back. Its response is copied once into Swift's "
                "strings.",
            ),
        },
    ),
    Part(
        "Sizes",
        {
            "sizes": Comparison(
                "What there is to install",
                "The size of our packages, and for Python and Node the size of an installation with all its dependencies.",
                "Our packages contain an HTTP client with TLS and Mozilla's roots, the numbering plans of all countries, "
                "the engine, and the sandbox with its server, as native code. The others use the TLS of Python or Node.",
            )
        },
    ),
]
