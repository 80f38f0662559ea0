// SPDX-License-Identifier: MIT
#include "config/route_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "config/excerpt.hpp"
#include "config/route_file_text.hpp"

namespace dproxy::config {

namespace {

/// The link that the kubelet swaps by rename, to change all files of a folder at once.
constexpr const char* data_link = "..data";

Descriptor open_directory(int parent, const char* path) {
    return Descriptor(::openat(parent, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC));
}

bool exists(int parent, const char* name) {
    struct stat status {};
    return ::fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/// The path still leads to the directory that was opened by it.
bool leads_to(int parent, const char* path, const Descriptor& opened) {
    struct stat now {};
    struct stat then {};
    return ::fstatat(parent, path, &now, 0) == 0 && ::fstat(opened.get(), &then) == 0 && now.st_dev == then.st_dev &&
           now.st_ino == then.st_ino;
}

bool is_directory(int parent, const dirent& entry) {
    if (entry.d_type == DT_DIR) return true;
    if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return false;
    struct stat status {};
    // A link that leads nowhere may have led to a directory: the caller knows what it found there before.
    if (::fstatat(parent, entry.d_name, &status, 0) != 0) return true;
    return S_ISDIR(status.st_mode);
}

/// Of the character that begins with this byte; 0 where none does.
std::size_t utf8_length(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead < 0xc2 || lead > 0xf4) return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/// Names go into one-line messages and into labels of metrics, which are UTF-8.
bool is_showable(std::string_view name) {
    for (const char letter : name) {
        if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) return false;
    }
    std::size_t at = 0;
    while (at < name.size()) {
        const auto lead = static_cast<unsigned char>(name[at]);
        const std::size_t length = utf8_length(lead);
        if (length == 0 || at + length > name.size()) return false;
        for (std::size_t next = 1; next < length; ++next) {
            if ((static_cast<unsigned char>(name[at + next]) & 0xc0) != 0x80) return false;
        }
        at += length;
    }
    return true;
}

/// The first `limit` names in byte order, however many there are.
class FirstNames {
public:
    explicit FirstNames(std::size_t limit) : limit_(limit) {}
    void add(std::string name) {
        names_.insert(std::move(name));
        if (names_.size() <= limit_) return;
        names_.erase(std::prev(names_.end()));
        left_out_ = true;
    }
    const std::set<std::string>& names() const { return names_; }
    bool left_out() const { return left_out_; }

private:
    std::size_t limit_;
    std::set<std::string> names_;
    bool left_out_ = false;
};

/// Calls `each` for every entry that does not begin with a dot. False: errno says why not.
template <typename Each>
bool list(int directory, const Each& each) {
    // A descriptor of its own: a DIR owns its descriptor, and positions are not shared.
    Descriptor again = open_directory(directory, ".");
    if (!again) return false;
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(again.get()), &::closedir);
    if (!stream) return false;
    again.release();
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(stream.get());
        if (entry == nullptr) return errno == 0;
        if (entry->d_name[0] != '.') each(*entry);
    }
}

class FolderReader {
public:
    FolderReader(const FolderRequest& request, const ReadingChoice& choose) : request_(request), choose_(choose) {}

    /// False: the folder changed under the reader, begin again.
    bool read() {
        snapshot = {};
        Descriptor folder = open_directory(request_.parent, request_.path.c_str());
        if (!folder) return fail_to_open(errno);
        Descriptor data = open_directory(folder.get(), data_link);
        const int error = data ? 0 : errno;
        // A plain file of that name is none of the kubelet's.
        if (error != 0 && error != ENOENT && error != ENOTDIR) return fail("`..data` cannot be read: ", error);
        if (error == ENOENT && exists(folder.get(), data_link)) return fail("`..data` leads nowhere", 0);
        if (!read_files(data ? data.get() : folder.get())) return fail("cannot be listed: ", errno);
        if (!find_subdirectories(folder.get())) return fail("cannot be listed: ", errno);

        if (!leads_to(request_.parent, request_.path.c_str(), folder)) return false;
        if (data && !leads_to(folder.get(), data_link, data)) return false;
        if (error == ENOENT && exists(folder.get(), data_link)) return false;
        snapshot.state = FolderSnapshot::State::complete;
        snapshot.directory = std::move(folder);
        return true;
    }

    FolderSnapshot snapshot;

private:
    bool fail_to_open(int error) {
        if (error == ENOENT) {
            snapshot.state = FolderSnapshot::State::missing;
            return true;
        }
        return fail("cannot be opened: ", error);
    }

    bool fail(const char* what, int error) {
        snapshot = {};
        snapshot.fault = error == 0 ? what : what + std::generic_category().message(error);
        return true;
    }

    bool has_extension(std::string_view name) const {
        return name.size() > request_.extension.size() && name.ends_with(request_.extension);
    }

    bool read_files(int directory) {
        FirstNames found(request_.limits.files);
        const bool listed = list(directory, [&](const dirent& entry) {
            if (!has_extension(entry.d_name)) return;
            if (request_.extension.empty() && is_directory(directory, entry)) return;
            if (!is_showable(entry.d_name)) return refuse_name(entry.d_name);
            found.add(entry.d_name);
        });
        if (!listed) return false;
        if (found.left_out()) leave_out("files", request_.limits.files);
        std::size_t room = request_.limits.bytes;
        for (const auto& name : found.names()) {
            auto file = read_route_file(directory, name, request_.prefix + name, room, request_.limits, choose_);
            if (!file) continue;
            room -= file->text.size();
            snapshot.files.push_back(std::move(*file));
        }
        return true;
    }

    bool find_subdirectories(int directory) {
        FirstNames found(request_.limits.subdirectories);
        const bool listed = list(directory, [&](const dirent& entry) {
            // A directory named like a route file is a mistake, and is told as such.
            if (!request_.extension.empty() && has_extension(entry.d_name)) return;
            if (!is_directory(directory, entry)) return;
            if (!is_showable(entry.d_name)) return refuse_name(entry.d_name);
            found.add(entry.d_name);
        });
        if (found.left_out()) leave_out("subdirectories", request_.limits.subdirectories);
        snapshot.subdirectories.assign(found.names().begin(), found.names().end());
        return listed;
    }

    void refuse_name(std::string_view name) {
        snapshot.warnings.push_back("left out " + excerpt(name) +
                                    ": expected a name in UTF-8 without control characters");
    }

    void leave_out(const char* what, std::size_t limit) {
        snapshot.warnings.push_back("holds more than " + std::to_string(limit) + " " + what +
                                    ", the most that are read: those whose names come last are left out");
    }

    const FolderRequest& request_;
    const ReadingChoice& choose_;
};

}  // namespace

FolderSnapshot read_folder(const FolderRequest& request, const ReadingChoice& choose) {
    FolderReader reader(request, choose);
    for (int tries = 0; tries < max_folder_tries; ++tries) {
        if (reader.read()) return std::move(reader.snapshot);
    }
    reader.snapshot = {};
    reader.snapshot.moving = true;
    reader.snapshot.fault = "changed each time it was read, " + std::to_string(max_folder_tries) + " times in a row";
    return std::move(reader.snapshot);
}

}  // namespace dproxy::config
