//! Counts what this worker asks of WebGPU, at the browser's own methods: whatever library calls them is counted.

use std::{cell::Cell, rc::Rc};

use js_sys::{Array, ArrayBuffer, FinalizationRegistry, Function, Object, Proxy, Reflect, WebAssembly};
use tailblazer_core::session::Counters;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

/// `GPUMapMode.READ`.
const READ: u32 = 1;

/// The counts of this worker.
pub struct Meter(Rc<Cell<Counters>>);

impl Meter {
    /// Begins to count, where there is WebGPU.
    pub fn start() -> Self {
        let counters = Rc::new(Cell::new(Counters::default()));
        let count = |class, method, add: fn(&mut Counters)| {
            let counters = Rc::clone(&counters);
            watch(class, method, move |_, _, _| update(&counters, add));
        };
        count("GPUComputePassEncoder", "dispatchWorkgroups", |counters| counters.dispatches += 1);
        count("GPUComputePassEncoder", "dispatchWorkgroupsIndirect", |counters| counters.dispatches += 1);
        count("GPUQueue", "submit", |counters| counters.submits += 1);
        count("GPUDevice", "createComputePipeline", |counters| counters.pipelines += 1);
        count("GPUDevice", "createComputePipelineAsync", |counters| counters.pipelines += 1);
        let reads = Rc::clone(&counters);
        watch("GPUBuffer", "mapAsync", move |_, arguments, _| {
            if arguments.get(0).as_f64().is_some_and(|mode| mode as u32 & READ != 0) {
                update(&reads, |counters| counters.readbacks += 1);
            }
        });
        watch_buffers(&counters);
        Self(counters)
    }

    /// The counts so far. Without a dispatch the CPU computes, in the memory of this program.
    pub fn read(&self) -> Counters {
        let mut counters = self.0.get();
        if counters.dispatches == 0 {
            let memory = wasm_bindgen::memory().unchecked_into::<WebAssembly::Memory>();
            counters.device_bytes = memory.buffer().unchecked_into::<ArrayBuffer>().byte_length().into();
        }
        counters
    }
}

/// Keeps the bytes of the buffers that are neither destroyed nor collected.
fn watch_buffers(counters: &Rc<Cell<Counters>>) {
    let collected = Rc::clone(counters);
    let collect = Closure::<dyn Fn(JsValue)>::new(move |size: JsValue| free(&collected, &size));
    let alive = FinalizationRegistry::new(collect.as_ref().unchecked_ref());
    // The registry lives as long as the worker.
    collect.forget();
    let alive = Rc::new(alive);

    let (registry, made) = (Rc::clone(&alive), Rc::clone(counters));
    watch("GPUDevice", "createBuffer", move |_, _, buffer| {
        let size = get(buffer, "size");
        update(&made, |counters| counters.device_bytes += size.as_f64().unwrap_or_default() as u64);
        registry.register_with_token(buffer, &size, buffer);
    });
    let destroyed = Rc::clone(counters);
    watch("GPUBuffer", "destroy", move |buffer, _, _| {
        // A buffer may be destroyed twice; only the first time it is still registered.
        if alive.unregister(buffer) {
            free(&destroyed, &get(buffer, "size"));
        }
    });
}

fn free(counters: &Cell<Counters>, size: &JsValue) {
    let size = size.as_f64().unwrap_or_default() as u64;
    update(counters, |counters| counters.device_bytes = counters.device_bytes.saturating_sub(size));
}

fn update(counters: &Cell<Counters>, change: impl FnOnce(&mut Counters)) {
    let mut value = counters.get();
    change(&mut value);
    counters.set(value);
}

/// Has `note` told of every call of a method: the object, the arguments and the result.
fn watch(class: &str, method: &str, note: impl Fn(&JsValue, &Array, &JsValue) + 'static) {
    let prototype = get(&get(&js_sys::global(), class), "prototype");
    let original = get(&prototype, method);
    if !original.is_function() {
        return;
    }
    let apply = move |target: Function, this: JsValue, arguments: Array| {
        let result = Reflect::apply(&target, &this, &arguments)?;
        note(&this, &arguments, &result);
        Ok(result)
    };
    let apply = Closure::<dyn Fn(Function, JsValue, Array) -> Result<JsValue, JsValue>>::new(apply);
    let handler = Object::new();
    let is_set = Reflect::set(&handler, &"apply".into(), apply.as_ref())
        .and_then(|_| Reflect::set(&prototype, &method.into(), &Proxy::new(&original, &handler)));
    // Where the browser refuses, its own method stays and nothing is counted.
    if is_set.is_ok() {
        apply.forget();
    }
}

/// A property, undefined where there is none.
fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}
