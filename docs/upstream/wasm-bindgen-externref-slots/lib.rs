use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/throws.js")]
extern "C" {
    /// Returns a value.
    #[wasm_bindgen(catch)]
    fn throws_value() -> Result<JsValue, JsValue>;
    /// Returns a number.
    #[wasm_bindgen(catch)]
    fn throws_number() -> Result<u32, JsValue>;
    /// Returns nothing.
    #[wasm_bindgen(catch)]
    fn throws_nothing() -> Result<(), JsValue>;
}

#[wasm_bindgen(js_name = callValue)]
pub fn call_value() -> bool {
    throws_value().is_err()
}

#[wasm_bindgen(js_name = callNumber)]
pub fn call_number() -> bool {
    throws_number().is_err()
}

#[wasm_bindgen(js_name = callNothing)]
pub fn call_nothing() -> bool {
    throws_nothing().is_err()
}
