// The systems that the addon is built for, each with its name in Rust. The names are npm's os, cpu and C library.

export const platforms = {
    "darwin-arm64": "aarch64-apple-darwin",
    "darwin-x64": "x86_64-apple-darwin",
    "linux-arm64-gnu": "aarch64-unknown-linux-gnu",
    "linux-arm64-musl": "aarch64-unknown-linux-musl",
    "linux-x64-gnu": "x86_64-unknown-linux-gnu",
    "linux-x64-musl": "x86_64-unknown-linux-musl",
    "win32-arm64-msvc": "aarch64-pc-windows-msvc",
    "win32-x64-msvc": "x86_64-pc-windows-msvc",
};

/** The one that this runs on; on Linux with glibc, which is what is developed on. */
export const own = Object.keys(platforms).find((name) => {
    const own = `${process.platform}-${process.arch}`;
    return name === own || name === `${own}-gnu` || name === `${own}-msvc`;
});
