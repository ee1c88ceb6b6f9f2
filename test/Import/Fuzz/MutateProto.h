// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Changes protobuf messages through reflection, so that a fuzzer's inputs stay messages.
#pragma once

#include <google/protobuf/message.h>
#include <random>
#include <string>
#include <vector>

namespace edgelm {

/// Small changes of a message, in a place that is chosen among all of its fields and those of the messages in it.
class ProtoMutator {
public:
  /// `words`: texts worth trying besides those that the message holds already.
  ProtoMutator(uint32_t seed, const std::vector<std::string> &words) : random(seed), words(words) {}

  /// One change: a field set, cleared or damaged, an entry added, removed, copied or moved.
  void mutate(google::protobuf::Message &message);
  /// Replaces a message in `message` by one of the same type from `other`.
  void crossOver(google::protobuf::Message &message, const google::protobuf::Message &other);
  bool oneIn(uint32_t chances) { return random() % chances == 0; }

private:
  using Field = google::protobuf::FieldDescriptor;
  using Message = google::protobuf::Message;

  void mutateRepeated(Message &message, const Field *field);
  void mutateScalar(Message &message, const Field *field);
  void appendScalar(Message &message, const Field *field);
  int64_t someInteger(int64_t old);
  double someNumber(double old);
  std::string someText(const std::string &old);
  template <typename T> const T &pick(const std::vector<T> &from) { return from[random() % from.size()]; }

  std::minstd_rand random;
  const std::vector<std::string> &words;
  std::vector<Message *> messages; ///< all of the message that is changed
  std::vector<std::string> texts;  ///< all that it holds
};

} // namespace edgelm
