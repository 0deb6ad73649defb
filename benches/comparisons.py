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
                "`get` over V2, against the same exchange with reqwest, on which `Client` is built, and with hyper, on which "
                "reqwest is. They have no deadline, and read neither JSON nor a phone number out of the answer. The server is "
                "a thread on another processor, which answers from a constant. "
                "Goal: at most 1.2 times reqwest.",
            ),
            "rust-engine": Comparison(
                "The engine in memory",
                "A request to a parsed number and the validation of its code, on one processor; a `HashMap` alone keeps a code "
                "that was counted up by an id, without randomness, digest, lock, clock or limits. Below it what a pending request "
                "takes of memory (goal: 400 bytes), and how "
                "long the slowest of many calls took (goal: 5 ms). Goal: 4 µs, 250,000 a second, with the limits off.",
                "What the engine does beyond a map is what makes it safe: a code and an id from the operating system's "
                "randomness (two system calls), a digest of the code with a key, a table of counters for each number, and a queue of "
                "what expires.",
            ),
            "rust-generation": Comparison(
                "Drawing a code",
                "Against one `getrandom` of 32 bytes, without which no code can be drawn. There is one such call a code. Goal: at most 1.3 times.",
            ),
            "rust-numbers": Comparison(
                "Reading a phone number",
                "Numbers of eight countries, against parsing them with rlibphonenumber alone. `PhoneNumber::parse` also checks that "
                "each is possible in its country.",
            ),
        },
    ),
    Part(
        "Stores",
        {
            "rust-stores": Comparison(
                "A validation over each store",
                "Against the least by which the store could use a code up (goal: at most 1.25 times as long): one UPDATE … RETURNING "
                "in SQLite, as many of them in a transaction as there are calls at once, and in PostgreSQL, by a prepared "
                "statement over as many connections; one script in Redis. Where limits are on it looks at what is counted for the "
                "number too. And a lifecycle with many pending requests against one with few (goal: at most 1.3 times). The servers "
                "are on the same machine, and their processor time is counted with ours; what SQLite and PostgreSQL answered is on "
                "the disk.",
                "A validation also hashes the code, draws an id by which a repeated command is known, writes down the latest eight of "
                "those, and locks what is counted for the number before it reads the time. SQLite's calls go to a thread of their "
                "own and back; those that come while others are written down wait for the next transaction, so that 64 at once are "
                "two transactions. Each transaction also writes down the time, which is never to go back, and looks for what is "
                "over. PostgreSQL's calls are a function in PL/pgSQL, which selects, decides and then updates, and Redis's a script. "
                "What of the processor time the server has spent, or SQLite's thread, is in the table above; the rest is the "
                "caller's.",
            ),
        },
    ),
    Part(
        "Python",
        {
            "python-blocking": Comparison(
                "`Client` against libraries for HTTP",
                "One read over V2 (`get`), and one validation, which is three exchanges. Each way sends the key, has a "
                "deadline, keeps its connections, and gives back the same fields; 64 at once are 64 threads. Client and server are "
                "processes on a processor each. What cannot be beaten is the core's own client in Rust.",
                "pycurl is C around C. Of what a blocking call takes one at a time more than half is the kernel's, for sending and "
                "receiving and waking up; a quarter is the native module's and a sixth Python's (`perf`). With 64 threads 6 MiB of the "
                "memory are the allocator's arenas (`MALLOC_ARENA_MAX=1` removes them); the rest was not traced.",
            ),
            "python-asyncio": Comparison(
                "`AsyncClient` against libraries for HTTP",
                "The same in an event loop; 64 at once are 64 tasks.",
                "One at a time a call goes to the thread that drives the connections and back, which wakes two threads.",
            ),
            "python-engine": Comparison(
                "`Engine` against pyotp and django-otp",
                "A request and the validation of its code in this process, the code handed to the same function. With pyotp a "
                "dictionary keeps what belongs to a request: number, counter and end of validity; it has no limits. django-otp keeps it in "
                "its own model (its email device, with the delivery replaced as its documentation says), on SQLite in memory. Ours reads "
                "the phone number, limits wrong codes and SMS, and keeps finished requests for a day. An `AsyncEngine` is compared with "
                "the same two, which have no other form.",
                "Of what `Engine` takes 38 % is Python's (the calls, and what they give back), 35 % the native module's, 14 % the "
                "kernel's, from which a code and an id are drawn for each request, and 12 % the allocator's (`perf`): two thirds of it "
                "are not the verification. pyotp computes a code from a counter and reads no number. A call of `AsyncEngine` on a store in "
                "memory runs in the loop's own thread, and a function that sends in a task of its own, for which the loop has two more "
                "turns: 51 % is Python's and its loop's, 23 % the native module's, 18 % the kernel's.",
            ),
            "python-codes": Comparison(
                "Drawing a code",
                "From the operating system's randomness, as all three do, in the two sizes that are most used.",
            ),
            "python-start": Comparison(
                "Starting",
                "A new interpreter that imports what it needs for a call, until it has ended.",
                "Most of ours is the standard library's `typing`, `dataclasses` and `enum`, and linking the native module.",
            ),
        },
    ),
    Part(
        "Node",
        {
            "node-client": Comparison(
                "`Client` against libraries for HTTP",
                "One read over V2 (`get`), its answer as a value. All of a client's threads share one processor, the server has "
                "the other. Memory is that of a process that makes 10,000 calls.",
                "One at a time more than half of our processor time is the kernel's: a call wakes another thread, and its answer "
                "wakes this one, where `node:http` and undici stay on theirs. With 64 at once the waking is shared, and half is the "
                "HTTP client in Rust.",
            ),
            "node-engine": Comparison(
                "`Engine` against otplib",
                "A request and the validation of its code in this process, the code handed to the same function. With otplib a `Map` "
                "keeps what belongs to a request: number, counter and end of validity; it has no limits. Ours reads the phone number, limits "
                "wrong codes and SMS, and keeps finished requests for a day.",
                "On a store in memory a call runs in JavaScript's own thread. Of what it takes 46 % is Node's (the promises, the stack "
                "that an error would show, JSON), 31 % the addon's, 14 % the allocator's and 6 % the kernel's, from which a code and an "
                "id are drawn for each request (`perf`). otplib computes a code from a counter and reads no number.",
            ),
            "node-codes": Comparison(
                "Drawing a code",
                "Against one `getrandom`, which cannot be beaten, and `crypto.randomInt`, which draws from a pool.",
                "`crypto.randomInt` asks the operating system once for many codes. Ours asks for each, so that no later code lies in "
                "memory before it is drawn, and going into native code and back takes as long again.",
            ),
            "node-start": Comparison(
                "Starting",
                "A new process that loads what it needs for a call, until it has ended.",
                "Most of ours is linking the addon.",
            ),
        },
    ),
    Part(
        "Kotlin",
        {
            "kotlin-client": Comparison(
                "`Client` against libraries for HTTP",
                "One read over V2 (`get`), its answer as a value, in a warm virtual machine. All of a client's threads share one "
                "processor, the server has the other. Ktor is on OkHttp: its own engine, CIO, makes a connection for every call.",
                "A suspending call goes through JNA to the thread that drives the connections and back, as the next comparison shows "
                "without a connection; `java.net.http` and OkHttp stay in what the virtual machine has compiled.",
            ),
            "kotlin-border": Comparison(
                "Going into native code and back",
                "What a call costs by JNA, which uniffi goes through, and what the same suspending call would cost through a bridge "
                "by JNI, which cannot be beaten.",
                "JNA looks at the types of every argument of every call.",
            ),
        },
    ),
    Part(
        "Swift",
        {
            "swift-client": Comparison(
                "`Client` against URLSession",
                "One read over V2 (`get`), its answer as a value. All of a client's threads share one processor, the server has the "
                "other. URLSession is that of Foundation on Linux, with `JSONDecoder` and room for 64 connections. Both run in one process.",
                "A call goes to the thread that drives the connections and back, and its answer is copied once into Swift's strings.",
            ),
        },
    ),
    Part(
        "Sizes",
        {
            "sizes": Comparison(
                "What there is to install",
                "What is shipped here, and for Python and Node what an installation has in all, with everything that comes with it.",
                "Ours holds an HTTP client with TLS and Mozilla's roots, the numbering plans of all countries, the engine, and the "
                "sandbox with its server, as native code; the others take TLS from Python or Node.",
            )
        },
    ),
]
