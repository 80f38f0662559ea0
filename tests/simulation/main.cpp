// SPDX-License-Identifier: MIT
// A seed in, a verdict out. See README.md.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>

#include "net/keyed_hash.hpp"
#include "simulation/world.hpp"

namespace {

using dproxy::simulation::World;

constexpr const char* usage =
    "simulation --seed N             one run, told aloud\n"
    "simulation [--first N] --seconds S   runs, one seed after the other, for S seconds\n"
    "simulation [--first N] --runs R      so many runs\n";

struct Options {
    std::uint64_t first = 1;
    std::uint64_t runs = 0;  ///< 0: as many as there is time for
    double seconds = 0;
    bool aloud = false;
};

World* running = nullptr;  // for who is called when the program ends in the midst of a run
std::uint64_t running_seed = 0;
double begun = 0;

double real_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void tell(std::uint64_t seed, const std::string& fault) {
    running->journal().print_last();
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), fault.c_str());
    std::printf("found after %.1f s\n", real_seconds() - begun);
    std::printf("replay: simulation --seed %llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
}

/// An assertion, or worse, or somebody who has waited for too long. What is printed here is for a person; the program
/// ends as it would have.
void on_signal(int signal) {
    std::signal(signal, SIG_DFL);
    if (running) tell(running_seed, "the program ends by signal " + std::to_string(signal));
    std::raise(signal);
}

void on_sanitizer() {
    if (running) tell(running_seed, "a sanitizer ends the program");
}

bool read_options(int count, char** arguments, Options& options) {
    for (int i = 1; i < count; i += 2) {
        const std::string key = arguments[i];
        const char* const value = i + 1 < count ? arguments[i + 1] : nullptr;
        if (!value) return false;
        if (key == "--seed") {
            options.first = std::strtoull(value, nullptr, 10);
            options.runs = 1;
            options.aloud = true;
        } else if (key == "--first") {
            options.first = std::strtoull(value, nullptr, 10);
        } else if (key == "--runs") {
            options.runs = std::strtoull(value, nullptr, 10);
        } else if (key == "--seconds") {
            options.seconds = std::strtod(value, nullptr);
        } else {
            return false;
        }
    }
    return options.runs > 0 || options.seconds > 0;
}

}  // namespace

/// Of AddressSanitizer, where the program is built with it.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

int main(int count, char** arguments) {
    Options options;
    if (!read_options(count, arguments, options)) {
        std::fputs(usage, stderr);
        return 2;
    }
    dproxy::net::process_hash();  // drawn before any run, so that it is the same in all of them
    for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS, SIGTERM}) std::signal(signal, on_signal);
    if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(on_sanitizer);
    begun = real_seconds();
    std::uint64_t done = 0, queries = 0, events = 0;
    for (std::uint64_t seed = options.first; options.runs == 0 || done < options.runs; ++seed) {
        if (options.seconds > 0 && real_seconds() - begun >= options.seconds) break;
        const auto world = std::make_unique<World>(seed, options.aloud);
        running = world.get();
        running_seed = seed;
        const std::string fault = world->run();
        ++done;
        queries += world->questions();
        events += world->events();
        if (!fault.empty()) tell(seed, fault);
        running = nullptr;
        if (!fault.empty()) return 1;
    }
    std::printf("%llu seeds from %llu on, %llu queries, %llu events: all as it should be\n",
                static_cast<unsigned long long>(done), static_cast<unsigned long long>(options.first),
                static_cast<unsigned long long>(queries), static_cast<unsigned long long>(events));
}
