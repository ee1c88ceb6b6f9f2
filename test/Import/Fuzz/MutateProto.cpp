// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chooses a message, a field in it and a change of that.
#include "MutateProto.h"

#include <cstdint>
#include <limits>

using namespace edgelm;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

/// libFuzzer's own change of bytes.
extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

/// Texts grow by at most this much.
static constexpr size_t kMoreText = 16;

/// Sizes, counts and indices that checks get wrong.
static constexpr int64_t kIntegers[] = {0,  1,  2,   3,   4,    8,     16,         32,         64,        128,      255,
                                        -1, -2, 256, 511, 1024, 65536, 2147483647, 2147483648, INT64_MAX, INT64_MIN};

/// All messages in `message`, itself included, and its texts.
static void collect(Message &message, std::vector<Message *> &messages, std::vector<std::string> &texts) {
  messages.push_back(&message);
  const Reflection *reflection = message.GetReflection();
  std::vector<const FieldDescriptor *> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor *field : fields) {
    int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
        collect(field->is_repeated() ? *reflection->MutableRepeatedMessage(&message, field, i)
                                     : *reflection->MutableMessage(&message, field),
                messages, texts);
      else if (field->type() == FieldDescriptor::TYPE_STRING)
        texts.push_back(field->is_repeated() ? reflection->GetRepeatedString(message, field, i)
                                             : reflection->GetString(message, field));
    }
  }
}

int64_t ProtoMutator::someInteger(int64_t old) {
  switch (random() % 4) {
  case 0:
    return int64_t(uint64_t(old) + random() % 5 - 2);
  case 1:
    return int64_t(random() % 40) - 8;
  case 2:
    return old ^ (int64_t(1) << random() % 63);
  default:
    return kIntegers[random() % std::size(kIntegers)];
  }
}

double ProtoMutator::someNumber(double old) {
  static constexpr double numbers[] = {0,   1,     -1,       0.5, 1e-30, 1e30, std::numeric_limits<double>::infinity(),
                                       NAN, -1e30, 0.044715, 1.7};
  return random() % 4 ? numbers[random() % std::size(numbers)] : -old;
}

std::string ProtoMutator::someText(const std::string &old) {
  if (!oneIn(4) && !texts.empty())
    return pick(texts);
  if (!oneIn(4) && !words.empty())
    return pick(words);
  std::string text = old;
  text.resize(old.size() + kMoreText);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t *>(text.data()), old.size(), text.size()));
  return text;
}

/// The fields' types that a change tells apart, and reflection's names for them; enumerators are integers there.
#define EDGELM_SCALARS(X)                                                                                              \
  X(INT32, Int32, someInteger)                                                                                         \
  X(INT64, Int64, someInteger)                                                                                         \
  X(UINT32, UInt32, someInteger)                                                                                       \
  X(UINT64, UInt64, someInteger)                                                                                       \
  X(FLOAT, Float, someNumber)                                                                                          \
  X(DOUBLE, Double, someNumber)                                                                                        \
  X(STRING, String, someText)

void ProtoMutator::mutateScalar(Message &message, const Field *field) {
  const Reflection *reflection = message.GetReflection();
  switch (field->cpp_type()) {
#define EDGELM_SET(type, name, value)                                                                                  \
  case FieldDescriptor::CPPTYPE_##type:                                                                                \
    return reflection->Set##name(&message, field, value(reflection->Get##name(message, field)));
    EDGELM_SCALARS(EDGELM_SET)
#undef EDGELM_SET
  case FieldDescriptor::CPPTYPE_ENUM:
    return reflection->SetEnumValue(&message, field, random() % (field->enum_type()->value_count() + 2));
  case FieldDescriptor::CPPTYPE_BOOL:
    return reflection->SetBool(&message, field, oneIn(2));
  default:
    reflection->MutableMessage(&message, field);
  }
}

void ProtoMutator::appendScalar(Message &message, const Field *field) {
  const Reflection *reflection = message.GetReflection();
  switch (field->cpp_type()) {
#define EDGELM_ADD(type, name, value)                                                                                  \
  case FieldDescriptor::CPPTYPE_##type:                                                                                \
    return reflection->Add##name(&message, field, value({}));
    EDGELM_SCALARS(EDGELM_ADD)
#undef EDGELM_ADD
  case FieldDescriptor::CPPTYPE_ENUM:
    return reflection->AddEnumValue(&message, field, random() % field->enum_type()->value_count());
  case FieldDescriptor::CPPTYPE_BOOL:
    return reflection->AddBool(&message, field, oneIn(2));
  default:
    reflection->AddMessage(&message, field);
  }
}

void ProtoMutator::mutateRepeated(Message &message, const Field *field) {
  const Reflection *reflection = message.GetReflection();
  int size = reflection->FieldSize(message, field);
  if (size == 0 || oneIn(4))
    return appendScalar(message, field);
  int at = random() % size;
  bool isMessage = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  switch (random() % 4) {
  case 0: // an entry goes
    reflection->SwapElements(&message, field, at, size - 1);
    return reflection->RemoveLast(&message, field);
  case 1:
    return reflection->SwapElements(&message, field, at, random() % size);
  case 2: // an entry once more
    if (isMessage) {
      Message *copy = reflection->AddMessage(&message, field);
      return copy->CopyFrom(reflection->GetRepeatedMessage(message, field, at));
    }
    [[fallthrough]];
  default: // another value in its place
    if (isMessage)
      return;
    appendScalar(message, field);
    reflection->SwapElements(&message, field, at, size);
    reflection->RemoveLast(&message, field);
  }
}

void ProtoMutator::mutate(Message &message) {
  messages.clear();
  texts.clear();
  collect(message, messages, texts);
  Message &chosen = *pick(messages);
  const google::protobuf::Descriptor *type = chosen.GetDescriptor();
  const Reflection *reflection = chosen.GetReflection();
  // Rather a field that is there than one that is not.
  std::vector<const FieldDescriptor *> present;
  reflection->ListFields(chosen, &present);
  const FieldDescriptor *field =
      present.empty() || oneIn(6) ? type->field(random() % type->field_count()) : pick(present);
  if (oneIn(12))
    reflection->ClearField(&chosen, field);
  else if (field->is_repeated())
    mutateRepeated(chosen, field);
  else
    mutateScalar(chosen, field);
}

void ProtoMutator::crossOver(Message &message, const Message &other) {
  messages.clear();
  texts.clear();
  collect(message, messages, texts);
  Message &target = *pick(messages);
  std::unique_ptr<Message> copy(other.New());
  copy->CopyFrom(other);
  std::vector<Message *> sources;
  collect(*copy, sources, texts);
  std::erase_if(sources, [&](Message *source) { return source->GetDescriptor() != target.GetDescriptor(); });
  if (sources.empty())
    return;
  std::unique_ptr<Message> source(target.New());
  source->CopyFrom(*pick(sources));
  target.GetReflection()->Swap(&target, source.get());
}
