/* SPDX-License-Identifier: MIT
   What a process has cost. */
#pragma once

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>

/* What the scheduler has counted for all threads of the process, in ns. */
static uint64_t cpu_ns(int pid) {
    char path[300];
    uint64_t total = 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    for (struct dirent *task; tasks && (task = readdir(tasks));) {
        unsigned long long ran = 0;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", pid, task->d_name);
        FILE *file = task->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (file && fscanf(file, "%llu", &ran) == 1) total += ran;
        if (file) fclose(file);
    }
    if (tasks) closedir(tasks);
    return total;
}
