#include "context/rows.h"

#include "error.h"

namespace argsearch {

std::shared_ptr<const Model> able_to_branch(std::shared_ptr<const Model> model) {
  if (model->can_branch()) return model;
  throw Error(ErrorCode::kModelUnsupported, model->path() + ": llama.cpp keeps no branches for the architecture \"" +
                                                model->architecture() + "\"; use another reward model.");
}

}  // namespace argsearch
