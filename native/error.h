#pragma once

#include <stdexcept>
#include <string>

namespace argsearch {

/// The stable codes that native errors carry; the same words as ERROR_CODES in src/errors.ts.
enum class ErrorCode {
  kEngineNotFound,
  kEngineIncompatible,
  kDeviceUnavailable,
  kFileNotFound,
  kNotAFile,
  kFileUnreadable,
  kFileUnwritable,
  kNotGguf,
  kModelInvalid,
  kModelUnsupported,
  kRewardHeadMissing,
  kRewardHeadInvalid,
  kRewardPredictorMissing,
  kRewardPredictorInvalid,
  kOptionInvalid,
  kGrammarInvalid,
  kSamplersLeaveNothing,
  kPromptEmpty,
  kPromptTooLong,
  kBusy,
  kDisposed,
  kAborted,
  kOutOfMemory,
  kDecodeFailed,
  kConversionFailed,
};

inline const char* error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kEngineNotFound:
      return "ENGINE_NOT_FOUND";
    case ErrorCode::kEngineIncompatible:
      return "ENGINE_INCOMPATIBLE";
    case ErrorCode::kDeviceUnavailable:
      return "DEVICE_UNAVAILABLE";
    case ErrorCode::kFileNotFound:
      return "FILE_NOT_FOUND";
    case ErrorCode::kNotAFile:
      return "NOT_A_FILE";
    case ErrorCode::kFileUnreadable:
      return "FILE_UNREADABLE";
    case ErrorCode::kFileUnwritable:
      return "FILE_UNWRITABLE";
    case ErrorCode::kNotGguf:
      return "NOT_GGUF";
    case ErrorCode::kModelInvalid:
      return "MODEL_INVALID";
    case ErrorCode::kModelUnsupported:
      return "MODEL_UNSUPPORTED";
    case ErrorCode::kRewardHeadMissing:
      return "REWARD_HEAD_MISSING";
    case ErrorCode::kRewardHeadInvalid:
      return "REWARD_HEAD_INVALID";
    case ErrorCode::kRewardPredictorMissing:
      return "REWARD_PREDICTOR_MISSING";
    case ErrorCode::kRewardPredictorInvalid:
      return "REWARD_PREDICTOR_INVALID";
    case ErrorCode::kOptionInvalid:
      return "OPTION_INVALID";
    case ErrorCode::kGrammarInvalid:
      return "GRAMMAR_INVALID";
    case ErrorCode::kSamplersLeaveNothing:
      return "SAMPLERS_LEAVE_NOTHING";
    case ErrorCode::kPromptEmpty:
      return "PROMPT_EMPTY";
    case ErrorCode::kPromptTooLong:
      return "PROMPT_TOO_LONG";
    case ErrorCode::kBusy:
      return "BUSY";
    case ErrorCode::kDisposed:
      return "DISPOSED";
    case ErrorCode::kAborted:
      return "ABORTED";
    case ErrorCode::kOutOfMemory:
      return "OUT_OF_MEMORY";
    case ErrorCode::kDecodeFailed:
      return "DECODE_FAILED";
    case ErrorCode::kConversionFailed:
      return "CONVERSION_FAILED";
  }
  return "DECODE_FAILED";
}

/// What every failure below the border is thrown as; the border turns it into a JavaScript Error with `code`.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace argsearch
