#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "http.h"
#include "http_response.h"
#include "sha256.h"

namespace sotto::cli {
namespace fs = std::filesystem;
namespace {

constexpr long kConnectSeconds = 30, kStalledSeconds = 60, kMaxRedirects = 10;

/// One GET. `sink` takes the body of the final response; its error ends the transfer and is the result.
struct Transfer {
  std::string url;
  const RunControl* control = nullptr;
  std::function<Status(std::string_view)> sink;
  HttpResponse response;
  Status failure;

  Status run(const std::vector<std::string>& headers) {
    static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
    const std::unique_ptr<CURL, void (*)(CURL*)> handle(initialized == CURLE_OK ? curl_easy_init() : nullptr, curl_easy_cleanup);
    if (!handle) return Error{ErrorCode::internal, "libcurl does not start", "pull"};
    std::unique_ptr<curl_slist, void (*)(curl_slist*)> list(nullptr, curl_slist_free_all);
    for (const std::string& header : headers) {
      curl_slist* longer = curl_slist_append(list.get(), header.c_str());
      if (!longer) return Error{ErrorCode::out_of_memory, "no memory for a request", url};
      (void)list.release();
      list.reset(longer);
    }
    std::array<char, CURL_ERROR_SIZE> reason{};
    CURL* curl = handle.get();
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "sotto");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list.get());
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, kMaxRedirects);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, url.starts_with("https:") ? "https" : "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStalledSeconds);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason.data());
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, this);
    const CURLcode code = curl_easy_perform(curl);
    if (!failure) return failure;
    SOTTO_TRY(control->check());
    if (code == CURLE_OK) return check_status(response.status, url);
    if (code == CURLE_PARTIAL_FILE)
      return Error{ErrorCode::io_error, "the connection ended early; what arrived is kept, and the next pull goes on from there",
                   url};
    return Error{ErrorCode::io_error, reason[0] ? reason.data() : curl_easy_strerror(code), url};
  }

 private:
  static size_t on_header(char* data, size_t, size_t n, void* self) {
    static_cast<Transfer*>(self)->response.read_header({data, n});
    return n;
  }
  static size_t on_body(char* data, size_t, size_t n, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    // The text of an error page, or of a redirect, is nobody's model.
    if (!check_status(transfer.response.status, transfer.url)) return n;
    transfer.failure = transfer.sink({data, n});
    return transfer.failure ? n : 0;
  }
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Transfer*>(self)->control->stop_requested() ? 1 : 0;
  }
};

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

Error disk_error(const std::string& path) {
  return {ErrorCode::io_error, "the file cannot be written or read", path};
}

Result<std::string> hash_of_file(const std::string& path, const RunControl& control) {
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file) return disk_error(path);
  Sha256 hash;
  std::vector<std::byte> chunk(size_t{1} << 20);
  for (;;) {
    SOTTO_TRY(control.check());
    const size_t n = std::fread(chunk.data(), 1, chunk.size(), file.get());
    hash.update(std::span(chunk).first(n));
    if (n < chunk.size()) break;
  }
  if (std::ferror(file.get())) return disk_error(path);
  return hash.hex();
}

/// The part of one file that has arrived, and what is known of the rest.
class PartialFile {
 public:
  explicit PartialFile(const Download& download)
      : download_(download), part_(download.path + ".part"), tag_(download.path + ".etag") {}

  Status receive() {
    std::error_code error;
    fs::create_directories(fs::path(download_.path).parent_path(), error);
    if (error) return Error{ErrorCode::io_error, "the folder cannot be made: " + error.message(), download_.path};
    std::string expected_hash = download_.sha256;
    if (download_.bytes == 0 || arrived() != download_.bytes) {
      Status fetched = fetch(expected_hash);
      if (restart_ && !fetched) {
        discard();
        fetched = fetch(expected_hash);
      }
      SOTTO_TRY(std::move(fetched));
    }
    SOTTO_TRY(verify(expected_hash));
    fs::rename(part_, download_.path, error);
    if (error) return Error{ErrorCode::io_error, "the file cannot be renamed: " + error.message(), part_};
    fs::remove(tag_, error);
    return {};
  }

 private:
  uint64_t arrived() const {
    std::error_code error;
    const uint64_t size = fs::file_size(part_, error);
    return error ? 0 : size;
  }

  void discard() const {
    std::error_code ignored;
    fs::remove(part_, ignored);
    fs::remove(tag_, ignored);
  }

  std::string saved_tag() const {
    const File file(std::fopen(tag_.c_str(), "rb"));
    std::array<char, 512> text{};
    return file ? std::string(text.data(), std::fread(text.data(), 1, text.size(), file.get())) : std::string();
  }

  Status fetch(std::string& expected_hash) {
    restart_ = false;
    file_.reset();
    begun_ = false;
    offset_ = arrived();
    const std::string tag = saved_tag();
    // Without a hash to check, bytes of two versions of a file could be joined: only a strong tag rules that out.
    if (offset_ > 0 && download_.sha256.empty() && (tag.empty() || tag.starts_with("W/"))) offset_ = 0;
    std::vector<std::string> headers{"Accept-Encoding: identity"};
    if (offset_ > 0) {
      headers.push_back("Range: bytes=" + std::to_string(offset_) + "-");
      if (download_.sha256.empty()) headers.push_back("If-Range: " + tag);
    }
    Transfer transfer{.url = download_.url, .control = &download_.control, .sink = {}, .response = {}, .failure = {}};
    transfer.sink = [&](std::string_view bytes) -> Status {
      if (!begun_) SOTTO_TRY(begin(transfer.response, bytes));
      if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) return disk_error(part_);
      done_ += bytes.size();
      if (download_.progress) download_.progress(done_, total_);
      return {};
    };
    Status done = transfer.run(headers);
    if (transfer.response.status == kHttpRangeNotSatisfiable && offset_ > 0) restart_ = true;
    if (file_ && std::fclose(file_.release()) != 0) return disk_error(part_);
    SOTTO_TRY(std::move(done));
    if (!begun_) return Error{ErrorCode::bad_model, "the server sent an empty file", download_.url};
    if (expected_hash.empty()) expected_hash = transfer.response.linked_hash;
    return {};
  }

  /// With the first bytes of the body, when the headers are known.
  Status begin(const HttpResponse& response, std::string_view bytes) {
    const std::string start = normalized(bytes.substr(0, 64));
    if (response.is_web_page() || start.starts_with("<!doctype html") || start.starts_with("<html"))
      return Error{ErrorCode::bad_model, "the server sent a web page instead of a model", download_.url};
    done_ = 0;
    total_ = response.length.value_or(0);
    if (response.status == kHttpPartial) {
      const auto range = parse_content_range(response.range);
      if (!range || range->first != offset_ || offset_ == 0) {
        restart_ = true;
        return Error{ErrorCode::io_error, "the server sent another range than the one asked for: '" + response.range + "'",
                     download_.url};
      }
      done_ = offset_;
      total_ = range->total;
    }
    if (download_.bytes != 0 && total_ != 0 && total_ != download_.bytes)
      return Error{ErrorCode::integrity_error,
                   "the server's file has " + std::to_string(total_) + " bytes, expected are " + std::to_string(download_.bytes),
                   download_.url};
    file_.reset(std::fopen(part_.c_str(), done_ == 0 ? "wb" : "ab"));
    if (!file_) return disk_error(part_);
    if (done_ == 0) {
      const File tag(std::fopen(tag_.c_str(), "wb"));
      if (!tag || std::fwrite(response.etag.data(), 1, response.etag.size(), tag.get()) != response.etag.size())
        return disk_error(tag_);
    }
    begun_ = true;
    return {};
  }

  Status verify(const std::string& expected_hash) const {
    const uint64_t size = arrived();
    if (download_.bytes != 0 && size < download_.bytes)
      return Error{
          ErrorCode::io_error,
          "only " + std::to_string(size) + " of " + std::to_string(download_.bytes) + " bytes arrived; the next pull goes on",
          download_.url};
    if (download_.bytes != 0 && size != download_.bytes) {
      discard();
      return Error{ErrorCode::integrity_error, "more bytes arrived than the file has", download_.url};
    }
    if (expected_hash.empty()) return {};
    SOTTO_ASSIGN(const std::string hash, hash_of_file(part_, download_.control));
    if (hash == expected_hash) return {};
    discard();
    return Error{ErrorCode::integrity_error, "the SHA-256 is " + hash + ", expected is " + expected_hash, download_.url};
  }

  const Download& download_;
  std::string part_, tag_;
  File file_;
  uint64_t offset_ = 0, done_ = 0, total_ = 0;
  bool begun_ = false;
  bool restart_ = false;  // the part is of no use to this server: once more from the beginning
};

}  // namespace

bool has_http() noexcept {
  return true;
}

Result<std::string> http_text(const std::string& url, size_t limit_bytes, const RunControl& control) {
  std::string text;
  Transfer transfer{.url = url, .control = &control, .sink = {}, .response = {}, .failure = {}};
  transfer.sink = [&](std::string_view bytes) -> Status {
    if (bytes.size() > limit_bytes - text.size()) return Error{ErrorCode::bad_model, "the server's answer is too long", url};
    text += bytes;
    return {};
  };
  SOTTO_TRY(transfer.run({}));
  return text;
}

Status http_download(const Download& download) {
  return PartialFile(download).receive();
}

}  // namespace sotto::cli
