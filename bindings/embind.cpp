// What JavaScript sees of the engine: declarations only. web/src/core.d.ts documents it.
#include <emscripten/bind.h>
#include <emscripten/em_js.h>

#include "facade/handles.h"
#include "facade/options_json.h"

// Whether a call of the worker was ended. Asked while one computes; only the worker itself knows, not the threads that help it.
EM_JS(int, sotto_is_cancelled, (int call), { return Module["isCancelled"] && Module["isCancelled"](call) ? 1 : 0; });

using namespace emscripten;
namespace f = sotto::facade;

namespace {

// A method whose Result becomes the text that JavaScript parses.
template <auto method>
struct Told;
template <class Handle, class... Args, sotto::Result<f::JsonText> (Handle::*method)(Args...)>
struct Told<method> {
  static std::string call(Handle& handle, Args... args) { return f::answer((handle.*method)(args...)); }
};
template <class Handle, class... Args, sotto::Result<f::JsonText> (Handle::*method)(Args...) const>
struct Told<method> {
  static std::string call(const Handle& handle, Args... args) { return f::answer((handle.*method)(args...)); }
};

// Addresses are numbers for JavaScript where they have 64 bits, too: Embind's own would be BigInts there.
double room(f::IncomingHandle& handle, double bytes) {
  return static_cast<double>(handle.room(bytes));
}
void update(f::Sha256Handle& handle, double address, double bytes) {
  handle.update(static_cast<uintptr_t>(address), bytes);
}

template <class Handle>
void watch(Handle& handle, int call) {
  handle.watch([](int its_call) { return sotto_is_cancelled(its_call) != 0; }, call);
}

}  // namespace

EMSCRIPTEN_BINDINGS(sotto) {
  class_<f::EngineHandle>("Engine")
      .constructor<const std::string&>()
      .function("status", &Told<&f::EngineHandle::status>::call)
      .function("trace", &Told<&f::EngineHandle::trace>::call);
  class_<f::IncomingHandle>("Incoming")
      .constructor<const f::EngineHandle&, const std::string&>()
      .function("status", &Told<&f::IncomingHandle::status>::call)
      .function("offer", &Told<&f::IncomingHandle::offer>::call)
      .function("missing", &Told<&f::IncomingHandle::missing>::call)
      .function("room", &room)
      .function("commit", &Told<&f::IncomingHandle::commit>::call)
      .function("inspect", &Told<&f::IncomingHandle::inspect>::call)
      .function("plan", &Told<&f::IncomingHandle::plan>::call)
      .function("finish", &Told<&f::IncomingHandle::finish>::call)
      .function("watch", &watch<f::IncomingHandle>);
  class_<f::ModelHandle>("Model")
      .constructor<const f::IncomingHandle&>()
      .function("status", &Told<&f::ModelHandle::status>::call)
      .function("info", &Told<&f::ModelHandle::info>::call)
      .function("memory", &Told<&f::ModelHandle::memory>::call)
      .function("tokenize", &Told<&f::ModelHandle::tokenize>::call)
      .function("decode", &Told<&f::ModelHandle::decode>::call)
      .function("applyTemplate", &Told<&f::ModelHandle::apply_template>::call);
  class_<f::SessionHandle>("Session")
      .constructor<const f::ModelHandle&, const std::string&>()
      .function("status", &Told<&f::SessionHandle::status>::call)
      .function("tokens", &Told<&f::SessionHandle::tokens>::call)
      .function("rewind", &Told<&f::SessionHandle::rewind>::call)
      .function("fork", &f::SessionHandle::fork);
  class_<f::GenerationHandle>("Generation")
      .constructor<const f::SessionHandle&, const std::string&>()
      .function("status", &Told<&f::GenerationHandle::status>::call)
      .function("step", &Told<&f::GenerationHandle::step>::call)
      .function("result", &Told<&f::GenerationHandle::result>::call)
      .function("watch", &watch<f::GenerationHandle>);
  class_<f::Sha256Handle>("Sha256").constructor<>().function("update", &update).function("hex", &f::Sha256Handle::hex);
  function("generationOptions", &f::generation_options_json);
}
