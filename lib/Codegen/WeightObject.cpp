// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes the ELF structures around a streamed payload: header, payload, then all tables.
#include "Codegen/WeightObject.h"
#include "Codegen/CompileError.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace llvm;

namespace edgelm {

/// Code reaches data within 2 GB; half a gigabyte is left for everything else in the program.
static constexpr uint64_t smallModelLimit = 1536ull << 20;

/// Sections of the object, in the order of its section headers.
enum SectionIndex : uint16_t { Null, Lead, Payload, StackNote, Symbols, Names, SectionCount };

static bool isElf64(StringRef object) {
  return object[ELF::EI_CLASS] == ELF::ELFCLASS64;
}

static uint16_t machineOf(StringRef object) {
  // e_machine lies at the same place in both classes.
  return support::endian::read16le(object.data() + 18);
}

uint64_t weightPayloadOffset(const WeightSection &section) {
  return alignTo(sizeof(object::ELF64LE::Ehdr), section.alignment);
}

Expected<std::string> weightSectionName(StringRef codeObject, uint64_t bytes) {
  if (bytes <= smallModelLimit)
    return ".rodata.edgelm";
  if (machineOf(codeObject) == ELF::EM_X86_64)
    return ".lrodata.edgelm";
  return fail(ExitStatus::NotOnThisTarget,
              "the weights take " + Twine(bytes >> 20) +
                  " MiB, and only 1536 MiB can be embedded on this target; use --weights file");
}

namespace {

/// A table of zero-terminated names.
class StringTable {
public:
  uint32_t add(StringRef name) {
    uint32_t offset = bytes.size();
    bytes += name.str();
    bytes += '\0';
    return offset;
  }
  std::string bytes = std::string(1, '\0');
};

} // namespace

/// One object; `reserve` leaves the payload out.
template <typename ELFT>
static Error writeObject(raw_ostream &os, StringRef codeObject, const WeightSection &section, bool reserve,
                         function_ref<Error(raw_ostream &)> writePayload) {
  using Ehdr = typename ELFT::Ehdr;
  using Shdr = typename ELFT::Shdr;
  using Sym = typename ELFT::Sym;
  Expected<std::string> usualName = weightSectionName(codeObject, section.bytes);
  if (!usualName)
    return usualName.takeError();
  const std::string &sectionName = section.name.empty() ? *usualName : section.name;

  StringTable names;
  uint64_t payloadOffset = weightPayloadOffset(section);
  uint64_t tables = alignTo(payloadOffset + (reserve ? 0 : section.bytes), 8);

  Sym symbols[2] = {};
  symbols[1].st_name = names.add(section.symbol);
  symbols[1].setBindingAndType(ELF::STB_GLOBAL, ELF::STT_OBJECT);
  symbols[1].setVisibility(ELF::STV_HIDDEN);
  symbols[1].st_shndx = Payload;
  symbols[1].st_size = section.bytes;

  Shdr headers[SectionCount] = {};
  auto describe = [&](SectionIndex index, StringRef name, uint32_t type, uint64_t flags, uint64_t offset,
                      uint64_t bytes, uint64_t alignment) {
    Shdr &header = headers[index];
    header.sh_name = names.add(name);
    header.sh_type = type;
    header.sh_flags = flags;
    header.sh_offset = offset;
    header.sh_size = bytes;
    header.sh_addralign = alignment;
  };
  uint64_t flags = ELF::SHF_ALLOC | (StringRef(*usualName).starts_with(".l") ? ELF::SHF_X86_64_LARGE : 0);
  describe(Lead, sectionName, ELF::SHT_PROGBITS, flags, payloadOffset, reserve ? 1 : 0, 1);
  describe(Payload, sectionName, reserve ? ELF::SHT_NOBITS : ELF::SHT_PROGBITS, flags, payloadOffset, section.bytes,
           section.alignment);
  describe(StackNote, ".note.GNU-stack", ELF::SHT_PROGBITS, 0, tables, 0, 1);
  describe(Symbols, ".symtab", ELF::SHT_SYMTAB, 0, tables, sizeof symbols, 8);
  headers[Symbols].sh_link = Names;
  headers[Symbols].sh_info = 1; // index of the first symbol that is not local
  headers[Symbols].sh_entsize = sizeof(Sym);
  describe(Names, ".strtab", ELF::SHT_STRTAB, 0, tables + sizeof symbols, 0, 1);
  headers[Names].sh_size = names.bytes.size();
  uint64_t headersOffset = alignTo(tables + sizeof symbols + names.bytes.size(), 8);

  Ehdr header;
  std::memcpy(&header, codeObject.data(), sizeof header); // identification, type, machine, ABI flags
  header.e_entry = 0;
  header.e_phoff = 0;
  header.e_phnum = 0;
  header.e_shoff = headersOffset;
  header.e_shentsize = sizeof(Shdr);
  header.e_shnum = SectionCount;
  header.e_shstrndx = Names;

  os.write(reinterpret_cast<const char *>(&header), sizeof header);
  os.write_zeros(payloadOffset - sizeof header);
  uint64_t before = os.tell();
  if (Error error = writePayload(os))
    return error;
  if (os.tell() - before != (reserve ? 0 : section.bytes))
    return fail(ExitStatus::Internal,
                "packed weights take " + Twine(os.tell() - before) + " bytes, planned were " + Twine(section.bytes));
  os.write_zeros(tables - payloadOffset - (reserve ? 0 : section.bytes));
  os.write(reinterpret_cast<const char *>(symbols), sizeof symbols);
  os << names.bytes;
  os.write_zeros(headersOffset - tables - sizeof symbols - names.bytes.size());
  os.write(reinterpret_cast<const char *>(headers), sizeof headers);
  return Error::success();
}

static Error dispatch(raw_ostream &os, StringRef codeObject, const WeightSection &section, bool reserve,
                      function_ref<Error(raw_ostream &)> writePayload) {
  if (codeObject.size() < sizeof(object::ELF64LE::Ehdr) ||
      !codeObject.starts_with(StringRef("\x7f"
                                        "ELF",
                                        4)) ||
      codeObject[ELF::EI_DATA] != ELF::ELFDATA2LSB)
    return fail(ExitStatus::Internal, "weights need a little-endian ELF object beside them");
  if (isElf64(codeObject))
    return writeObject<object::ELF64LE>(os, codeObject, section, reserve, writePayload);
  return writeObject<object::ELF32LE>(os, codeObject, section, reserve, writePayload);
}

Error writeWeightObject(raw_ostream &os, StringRef codeObject, const WeightSection &section,
                        function_ref<Error(raw_ostream &)> writePayload) {
  return dispatch(os, codeObject, section, /*reserve=*/false, writePayload);
}

Error writeWeightPlaceholder(raw_ostream &os, StringRef codeObject, const WeightSection &section) {
  return dispatch(os, codeObject, section, /*reserve=*/true, [](raw_ostream &) { return Error::success(); });
}

} // namespace edgelm
