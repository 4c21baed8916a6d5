"""Rules that can be read off the compiled objects.

    python3 object_checks.py calls NM ARCHIVE...            no abort, exit, assert, print, signal, getenv
    python3 object_checks.py globals OBJDUMP ARCHIVE...     no mutable globals
    python3 object_checks.py targets NM TARGET=OBJECT...    what the linker may merge carries its SIMD target in its name
    python3 object_checks.py --self-test COMPILER AR NM OBJDUMP

Exit code 77: the objects are instrumented by a sanitizer, whose own symbols are not ours to judge.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
INSTRUMENTED = re.compile(r"^__(?:asan|tsan|ubsan|msan|sanitizer)_")
# Names that end the process, write to its output, or read or change what belongs to the program.
FORBIDDEN_CALLS = re.compile(
    r"^(?:abort|exit|_exit|_Exit|quick_exit|at_quick_exit|atexit|__assert_fail|__assert_rtn|__assert"
    r"|raise|kill|signal|sigaction|bsd_signal|getenv|secure_getenv|setenv|putenv"
    r"|v?f?printf|__v?f?printf_chk|v?dprintf|puts|putchar|putc|fputc|fputs|fwrite|perror|psignal"
    r"|stdout|stderr|__stdoutp|__stderrp|_ZSt4(?:cout|cerr|clog)|_ZNSt3__[12]4(?:cout|cerr|clog)E?|__libcpp_verbose_abort"
    r"|_ZNSt8ios_base4InitC1Ev)$")
# In .data.rel.ro the loader writes addresses once, before main; guards and DW.ref belong to the compiler.
CONSTANT_SECTION = re.compile(r"^\.(?:data\.rel\.ro|rodata|tm_clone_table)")
MUTABLE_SECTION = re.compile(r"^(?:\.(?:data|bss|tdata|tbss|ldata|lbss)\b.*|\*COM\*)$")
COMPILERS_OWN = re.compile(r"^(?:DW\.ref\.|_ZGV)")


class Instrumented(Exception):
    pass


def run(command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def symbols(nm, files):
    """(file, name, type) of all symbols."""
    for line in run([nm, "-A", "-P", *files]).splitlines():
        match = re.match(r"^(.*): (\S+) ([A-Za-z?])(?: |$)", line)
        if match:
            if INSTRUMENTED.match(match.group(2)):
                raise Instrumented
            yield match.groups()


def calls(nm, archives):
    seen, faults = set(), []
    for place, name, kind in symbols(nm, archives):
        seen.add(place)
        if kind in "Uw" and FORBIDDEN_CALLS.match(name):
            faults.append(f"{Path(place).name}: refers to {name}")
    print(f"calls: {len(seen)} objects")
    return faults


def global_variables(objdump, archives):
    n_objects, faults, place = 0, [], ""
    for archive in archives:
        for line in run([objdump, "-t", archive]).splitlines():
            heading = re.match(r"^(?:.*\()?([^\s()]+)\)?:\s+file format", line)
            if heading:
                place = f"{Path(archive).name}({heading.group(1)})"
                n_objects += 1
                continue
            # value, seven flag columns, section, tab, size, visibility, name
            match = re.match(r"^[0-9a-f]+ (.{7}) (\S+)\s+[0-9a-f]+\s+(?:\.hidden |\.protected |\.internal )?(\S+)$", line)
            if not match:
                continue
            flags, section, name = match.groups()
            if INSTRUMENTED.match(name):
                raise Instrumented
            if "d" in flags or CONSTANT_SECTION.match(section) or COMPILERS_OWN.match(name):
                continue
            if MUTABLE_SECTION.match(section):
                faults.append(f"{place}: {name} in {section}")
    print(f"globals: {n_objects} objects")
    return faults


def targets(nm, pairs):
    faults = []
    by_target = {}
    for pair in pairs:
        target, path = pair.split("=", 1)
        by_target.setdefault(target, []).append(path)
    n_symbols = 0
    for target, objects in by_target.items():
        type_name = target.replace("_", "")  # avx512_vnni: simd::Avx512Vnni
        in_namespace = re.compile(rf"(?<![0-9]){len(type_name)}{type_name}", re.I)
        for place, name, kind in symbols(nm, objects):
            if kind not in "WVu":
                continue
            n_symbols += 1
            if not in_namespace.search(name):
                faults.append(f"{target}: {name} may be merged with another target's ({place})")
    print(f"targets: {sum(map(len, by_target.values()))} objects of {len(by_target)} targets, {n_symbols} mergeable symbols")
    return faults


def self_test(compiler, ar, nm, objdump):
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)

        def build(name, text):
            source, out, archive = root / f"{name}.cpp", root / f"{name}.o", root / f"lib{name}.a"
            source.write_text(text)
            run([compiler, "-std=c++20", "-O1", "-fPIC", "-c", str(source), "-o", str(out)])
            run([ar, "rcs", str(archive), str(out)])
            return str(archive), str(out)

        def expect(what, faults, *wanted):
            if len(faults) != len(wanted) or any(not any(part in fault for fault in faults) for part in wanted):
                failures.append(f"{what}: wanted faults about {list(wanted)}, got {faults}")

        good = build("good", "#include <cstdio>\n#include <string_view>\n#include <vector>\n"
                             'constexpr std::string_view kNames[] = {"a", "b"};\n'
                             'extern const char* const kTable[2] = {"x", "y"};\n'
                             "struct Base { virtual ~Base() = default; virtual int f() const { return 1; } };\n"
                             "Base* make() { return new Base; }\n"
                             "void fill(std::vector<int>& v, int i) noexcept { v.push_back(i); }\n"
                             'int text(char* out, size_t n, size_t i) { return std::snprintf(out, n, "%s", kNames[i].data()); }\n')
        expect("calls good", calls(nm, [good[0]]))
        expect("globals good", global_variables(objdump, [good[0]]))
        for name, body in {
            "abort": "std::abort();", "exit": "std::exit(1);", "_exit": "_exit(1);", "__assert_fail": "assert(x == 1);",
            "getenv": 'x = std::getenv("A") != nullptr;', "raise": "std::raise(x);", "signal": "std::signal(x, SIG_IGN);",
        }.items():
            bad = build("bad_call", "#undef NDEBUG\n#include <cassert>\n#include <csignal>\n"
                                    "#include <cstdlib>\n#include <unistd.h>\n"
                                    f"int f(int x) {{ {body} return x; }}\n")
            expect(f"calls {name}", calls(nm, [good[0], bad[0]]), f"refers to {name}")
        bad = build("bad_print", '#include <cstdio>\nvoid f(int x) { std::printf("%d", x); }\n')
        expect("calls printf", calls(nm, [bad[0]]), "printf")
        bad = build("bad_stream", "#include <iostream>\nvoid f(int x) { std::cerr << x; }\n")
        if not any("cerr" in fault for fault in calls(nm, [bad[0]])):
            failures.append("calls: std::cerr was not found")

        bad = build("bad_globals", "int plain = 1;\nstatic int hidden;\nint next() { return ++hidden; }\n"
                                   "thread_local int per_thread = 2;\n"
                                   "inline int merged = 3;\nint* address() { return &merged; }\n"
                                   "int lazy(int x) { static int once = next(); return once + x; }\n")
        expect("globals bad", global_variables(objdump, [bad[0]]), ": plain ", "hidden", "per_thread", "merged", "once")

        shared = "template <class T> __attribute__((noinline)) T twice(T x) { return x + x; }\n"
        own = build("own", f"namespace avx2 {{ {shared} float f(float x) {{ return twice(x); }} }}\n")
        other = build("other", f"{shared} namespace avx2 {{ float f(float x) {{ return twice(x); }} }}\n")
        expect("targets good", targets(nm, [f"avx2={own[1]}"]))
        expect("targets bad", targets(nm, [f"avx2={own[1]}", f"avx2={other[1]}"]), "twice")
        expect("targets of another name", targets(nm, [f"sse41={own[1]}"]), "twice")
    return failures


def main(arguments):
    if arguments[0] == "--self-test":
        faults = self_test(*arguments[1:])
    else:
        check = {"calls": calls, "globals": global_variables, "targets": targets}[arguments[0]]
        try:
            faults = check(arguments[1], arguments[2:])
        except Instrumented:
            print("instrumented by a sanitizer: skipped")
            return SKIPPED
    print("\n".join(faults) or "ok")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
