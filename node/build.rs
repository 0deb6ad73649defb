//! The arguments of the linker that an addon of Node needs.

fn main() {
    napi_build::setup();
}
