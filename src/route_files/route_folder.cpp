// SPDX-License-Identifier: MIT
// Held by tests/unit/route_files/route_directory_test.cpp.
#include "route_files/route_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "ini/counted.hpp"
#include "ini/excerpt.hpp"
#include "route_files/list_file.hpp"
#include "route_files/route_file_text.hpp"
#include "route_files/shown_name.hpp"

namespace dproxy::config {

namespace {

/// The link that the kubelet swaps by rename, to change all files of a folder at once.
constexpr const char* data_link = "..data";

io::Fd open_directory(int parent, const char* path) {
    return io::Fd(::openat(parent, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC));
}

bool exists(int parent, const char* name) {
    struct stat status {};
    return ::fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/// The path still leads to the directory that was opened by it.
bool leads_to(int parent, const char* path, const io::Fd& opened) {
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
    io::Fd again = open_directory(directory, ".");
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
    FolderReader(const FolderRequest& request, const ReadingChoice& choose, const BesideChoice& beside)
        : request_(request), choose_(choose), beside_(beside) {}

    /// False: the folder changed under the reader, begin again.
    bool read() {
        snapshot = {};
        io::Fd folder = open_directory(request_.parent, request_.path.c_str());
        if (!folder) return fail_to_open(errno);
        io::Fd data = open_directory(folder.get(), data_link);
        const int error = data ? 0 : errno;
        // A plain file of that name is none of the kubelet's.
        if (error != 0 && error != ENOENT && error != ENOTDIR) return fail("`..data` cannot be read: ", error);
        if (error == ENOENT && exists(folder.get(), data_link)) return fail("`..data` leads nowhere", 0);
        refused_ = 0;
        const bool is_location = request_.parent == AT_FDCWD;
        const FileHome home{is_location ? folder.get() : request_.parent,
                            (is_location ? "" : request_.path + "/") + (data ? data_link + std::string("/") : "")};
        if (!read_files(data ? data.get() : folder.get(), home)) return fail("cannot be listed: ", errno);
        if (!find_subdirectories(folder.get())) return fail("cannot be listed: ", errno);

        if (refused_ > max_refused_names) {
            snapshot.warnings.push_back("left out " + counted(refused_ - max_refused_names, "more name"));
        }
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

    bool read_files(int directory, const FileHome& home) {
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
            auto file = read_route_file(directory, name, request_.prefix + name, home,
                                        {room, max_route_file_size, request_.limits.settled_after}, choose_);
            if (!file) continue;
            room -= file->text.size();
            snapshot.files.push_back(std::move(*file));
        }
        if (beside_.named_by) read_beside(directory, home, room);
        return true;
    }

    void read_beside(int directory, const FileHome& home, std::size_t room) {
        std::set<std::string> lists, texts;
        for (FoundFile& file : snapshot.files) {
            file.beside = beside_.named_by(file);
            lists.insert(file.beside.lists.begin(), file.beside.lists.end());
            texts.insert(file.beside.texts.begin(), file.beside.texts.end());
        }
        const auto read_all = [&](const std::set<std::string>& names, std::size_t most, const ReadingChoice& choose,
                                  std::vector<FoundFile>& found) {
            for (const auto& name : names) {
                auto file = read_route_file(directory, name, request_.prefix + name, home,
                                            {room, most, request_.limits.settled_after}, choose);
                if (!file) continue;
                if (file->outside) leads_out(*file);
                room -= file->text.size();
                found.push_back(std::move(*file));
            }
        };
        read_all(lists, max_list_file_size, beside_.list, snapshot.lists);
        read_all(texts, max_route_file_size, beside_.text, snapshot.texts);
    }

    /// Whoever may put links there could have any file's lines told, as far as they pass for names.
    static void leads_out(FoundFile& file) {
        file.text = {};
        file.state = FoundFile::State::unreadable;
        file.fault = "is a link that leads out of the directory";
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
        if (++refused_ > max_refused_names) return;
        snapshot.warnings.push_back("left out " + excerpt(name) +
                                    ": expected a name in UTF-8 without control characters");
    }

    void leave_out(const char* what, std::size_t limit) {
        snapshot.warnings.push_back("holds more than " + std::to_string(limit) + " " + what +
                                    ", the most that are read: those whose names come last are left out");
    }

    std::size_t refused_ = 0;
    const FolderRequest& request_;
    const ReadingChoice& choose_;
    const BesideChoice& beside_;
};

}  // namespace

FolderSnapshot read_folder(const FolderRequest& request, const ReadingChoice& choose, const BesideChoice& beside) {
    FolderReader reader(request, choose, beside);
    for (int tries = 0; tries < max_folder_tries; ++tries) {
        if (reader.read()) return std::move(reader.snapshot);
    }
    reader.snapshot = {};
    reader.snapshot.moving = true;
    reader.snapshot.fault = "changed each time it was read, " + std::to_string(max_folder_tries) + " times in a row";
    return std::move(reader.snapshot);
}

}  // namespace dproxy::config
