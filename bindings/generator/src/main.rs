//! uniffi's generator of bindings, at the version that the native modules are built with.

fn main() {
    uniffi::uniffi_bindgen_main();
}
