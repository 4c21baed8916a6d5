#include "pull.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "catalogue.h"
#include "interrupt.h"
#include "output.h"

namespace sotto::cli {
namespace {

struct PullArgs {
  std::string name, hub{kDefaultHub};
};

Status pull(const PullArgs& args, const CommonOptions& common) {
  const CatalogueEntry* entry = find_in_catalogue(args.name);
  if (entry && !entry->notice.empty()) warn(common, entry->notice);
  const Interrupt interrupt;
  Progress progress("pulling " + args.name, common);
  const PullRequest request{.model = args.name,
                            .cache_folder = default_cache_folder(),
                            .hub = args.hub,
                            .control = {.cancel = interrupt.token(), .deadline = {}}};
  SOTTO_ASSIGN(const std::string path, pull_model(request, [&](uint64_t done, uint64_t total) { progress.update(done, total); }));
  return common.json ? print_json({{"name", args.name}, {"path", path}}) : print(path + "\n");
}

}  // namespace

Action declare_pull(CLI::App& app) {
  const auto args = std::make_shared<PullArgs>();
  app.add_option("NAME", args->name, "a name of the catalogue, hf:owner/repo[/file][:quant][@revision], or a URL")->required();
  app.add_option("--hub", args->hub, "the server that answers for hf:")->capture_default_str();
  return [args](const CommonOptions& common) { return pull(*args, common); };
}

}  // namespace sotto::cli
