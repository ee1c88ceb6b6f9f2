// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A machine pass behind the one that lays frames out, and a walk over the calls that it found.
#include "Codegen/StackUse.h"
#include "Codegen/CompileError.h"
#include "llvm/CodeGen/MachineFrameInfo.h"
#include "llvm/CodeGen/MachineFunction.h"
#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetFrameLowering.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/CodeGen/TargetRegisterInfo.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/RegisterTargetPassConfigCallback.h"

using namespace llvm;

namespace edgelm {

/// The runtime's table of functions (runtime/functions.c).
static constexpr StringLiteral interfaceTable = "edgelm_rt_functions";

static std::string typeText(const FunctionType &type) {
  std::string text;
  raw_string_ostream(text) << type;
  return text;
}

/// Whether somebody but the table of the interface holds the address of `user`'s operand.
static bool isTakenBy(const User &user) {
  if (const GlobalVariable *variable = dyn_cast<GlobalVariable>(&user))
    return variable->getName() != interfaceTable;
  if (isa<Constant>(user))
    return any_of(user.users(), [](const User *next) { return isTakenBy(*next); });
  return true;
}

/// Whether the function is more than called by its name.
static bool isAddressTaken(const Function &function) {
  return any_of(function.uses(), [](const Use &use) {
    const CallBase *call = dyn_cast<CallBase>(use.getUser());
    return !(call && call->isCallee(&use)) && isTakenBy(*use.getUser());
  });
}

namespace {

/// Runs behind PrologEpilogInserter: frames have their sizes.
class StackMeterPass : public MachineFunctionPass {
public:
  static char ID;

  explicit StackMeterPass(StackUse &use) : MachineFunctionPass(ID), use(use) {}

  StringRef getPassName() const override { return "EdgeLM stack meter"; }
  void getAnalysisUsage(AnalysisUsage &usage) const override {
    usage.setPreservesAll();
    MachineFunctionPass::getAnalysisUsage(usage);
  }
  bool doInitialization(Module &module) override {
    if (const GlobalVariable *table = module.getNamedGlobal(interfaceTable))
      for (const Use &entry : table->getInitializer()->operands())
        if (const Function *function = dyn_cast<Function>(entry->stripPointerCasts()))
          use.noteInterface(function->getName());
    for (const Function &function : module)
      if (!function.isDeclaration() && isAddressTaken(function))
        use.noteAddress(typeText(*function.getFunctionType()), function.getName());
    return false;
  }
  bool runOnMachineFunction(MachineFunction &function) override;

private:
  StackUse &use;
};

char StackMeterPass::ID;

} // namespace

static uint64_t frameBytes(const MachineFunction &function) {
  const TargetSubtargetInfo &machine = function.getSubtarget();
  const MachineFrameInfo &frame = function.getFrameInfo();
  uint64_t bytes = frame.getStackSize();
  // A call of x86 pushes the address to return to; other machines have it in a register, which a frame saves.
  if (function.getTarget().getTargetTriple().isX86())
    bytes += 8;
  if (machine.getRegisterInfo()->hasStackRealignment(function))
    bytes += frame.getMaxAlign().value();
  if (!machine.getFrameLowering()->hasReservedCallFrame(function))
    bytes += frame.getMaxCallFrameSize();
  return bytes;
}

/// The function that an instruction calls by name, or nothing.
static StringRef calleeOf(const MachineInstr &call) {
  for (const MachineOperand &operand : call.operands()) {
    if (operand.isSymbol())
      return operand.getSymbolName();
    if (operand.isGlobal() && isa<Function>(operand.getGlobal()->getAliaseeObject()))
      return operand.getGlobal()->getAliaseeObject()->getName();
  }
  return "";
}

bool StackMeterPass::runOnMachineFunction(MachineFunction &function) {
  StackUse::Frame frame;
  frame.bytes = frameBytes(function);
  frame.isBounded = !function.getFrameInfo().hasVarSizedObjects();
  for (const MachineBasicBlock &block : function)
    for (const MachineInstr &instruction : block)
      if (instruction.isCall())
        if (StringRef callee = calleeOf(instruction); !callee.empty())
          (instruction.isReturn() ? frame.tailCalls : frame.calls).push_back(callee.str());
  for (const Instruction &instruction : instructions(function.getFunction())) {
    const CallBase *call = dyn_cast<CallBase>(&instruction);
    if (!call || call->isInlineAsm())
      continue;
    if (call->isIndirectCall())
      frame.types.push_back(typeText(*call->getFunctionType()));
    const Function *callee = call->getCalledFunction();
    for (const Value *argument : call->args())
      if (const Function *handed = dyn_cast<Function>(argument); handed && !handed->isDeclaration()) {
        if (call->isIndirectCall())
          frame.calls.push_back(handed->getName().str());
        else if (callee && callee->isDeclaration())
          use.noteThread(handed->getName());
      }
  }
  use.note(function.getName(), std::move(frame));
  return false;
}

struct StackMeter::Impl {
  RegisterTargetPassConfigCallback callback;
};

StackMeter::StackMeter(StackUse &use)
    : impl(new Impl{
          RegisterTargetPassConfigCallback([&use](TargetMachine &, PassManagerBase &, TargetPassConfig *config) {
            config->insertPass(&PrologEpilogCodeInserterID, new StackMeterPass(use));
          })}) {}

StackMeter::~StackMeter() = default;

Expected<uint64_t> StackUse::depth(StringRef name) {
  if (auto known = depths.find(name); known != depths.end())
    return known->second;
  auto found = frames.find(name);
  if (found == frames.end())
    return 0;
  const Frame &frame = found->second;
  if (!frame.isBounded)
    return fail(ExitStatus::Internal, "the stack that '" + name + "' takes has no bound");
  if (!active.insert(name).second)
    return fail(ExitStatus::Internal, "'" + name + "' calls itself, so that its stack has no bound");
  uint64_t below = 0, instead = 0;
  auto add = [&](StringRef callee, uint64_t &most) -> Error {
    Expected<uint64_t> bytes = depth(callee);
    if (!bytes)
      return bytes.takeError();
    most = std::max(most, *bytes);
    return Error::success();
  };
  for (const std::string &callee : frame.calls)
    if (Error error = add(callee, below))
      return std::move(error);
  for (const std::string &callee : frame.tailCalls)
    if (Error error = add(callee, instead))
      return std::move(error);
  for (const std::string &type : frame.types)
    for (const StringRef callee : addresses[type].keys())
      if (Error error = add(callee, below))
        return std::move(error);
  active.erase(name);
  return depths[name] = std::max(frame.bytes + below, instead);
}

Expected<uint64_t> StackUse::onCaller() {
  uint64_t most = 0;
  for (const StringRef name : frames.keys()) {
    if (threads.contains(name))
      continue;
    Expected<uint64_t> bytes = depth(name);
    if (!bytes)
      return bytes;
    most = std::max(most, *bytes);
  }
  return most;
}

Expected<std::map<std::string, uint64_t>> StackUse::byFunction() {
  std::map<std::string, uint64_t> all;
  for (const std::string &name : interface) {
    Expected<uint64_t> bytes = depth(name);
    if (!bytes)
      return bytes.takeError();
    all[name] = *bytes;
  }
  return all;
}

Expected<uint64_t> StackUse::onThread() {
  uint64_t most = 0;
  for (const StringRef name : threads.keys()) {
    Expected<uint64_t> bytes = depth(name);
    if (!bytes)
      return bytes;
    most = std::max(most, *bytes);
  }
  return most;
}

} // namespace edgelm
