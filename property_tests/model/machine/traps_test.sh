#!/usr/bin/env bash
# traps_test.sh TRAP ROOT COMPILER [FLAG...]: a mistake that Boost.MSM would swallow does not compile, and says why.
# The same program without the mistake compiles.
set -euo pipefail

trap_name=$1 root=$2
shift 2
compile=("$@" -std=c++20 -fsyntax-only "-I$root" -x c++ -)

# Each trap replaces one piece of a machine that is right.
include='#include "model/machine/walk.hpp"'
event='struct Push : Event<"push"> {};'
context='struct Memory { std::uint16_t count = 0; bool locked = false, kicked = false; };'
outputs='enum class Sound : std::uint8_t { creak };'
guard='constexpr bool locked(const Memory& m) { return m.locked; }'
effect='constexpr void lock(Memory& m) { m.locked = true; }'
row='Row<Shut, Push, If<locked>, Do<lock, Sound::creak>, Open, Model<"why">>'
table='using transition_table = Rows<FIRST>;'
initial='using initial_state = Shut;'
use='static_assert(walk<Door>(0, {}, event_id<Door, Push>()).verdict == Verdict::guard_rejected);'

# Only the definition is checked: the back-end itself would take many times as long.
tabulated='#include "model/machine/tabulate.hpp"'
check_definition='template void halfclose::machine::detail::check_definition<Door>();'

case $trap_name in
  none) expected= ;;
  'an event that is no Event')
    event='struct Push { static constexpr std::string_view name = "push"; };'
    expected='On is an Event<"...">: MSM never takes a row on another type' ;;
  'a row on int')
    row='Row<Shut, int, Always, Nothing, Open, Model<"why">>'
    expected='On is an Event<"...">: MSM never takes a row on another type' ;;
  'a row without a source')
    row='Row<Shut, Push, Always, Nothing, Open, Memory>'
    expected='every row has a source' ;;
  'a row without its last column')
    row='Row<Shut, Push, Always, Nothing, Open>'
    expected='template arguments' ;;
  'a row from an event')
    row='Row<Push, Push, Always, Nothing, Open, Model<"why">>'
    expected='From is a State<"...">' ;;
  'a row to an event')
    row='Row<Shut, Push, Always, Nothing, Push, Model<"why">>'
    expected='To is a State<"..."> or Stay' ;;
  'guard and effect exchanged')
    row='Row<Shut, Push, Do<lock>, If<locked>, Open, Model<"why">>'
    expected='If is If<>, Unless<>, All<> or Always' ;;
  'an effect of another type')
    effect='constexpr void lock(int) {}'
    expected='an effect is an output, `void f(Context&)` or `void f(Context&, Outputs<Out>&)`' ;;
  'an output of another machine')
    effect='enum class Other : std::uint8_t { lock }; using enum Other;'
    expected='an effect is an output, `void f(Context&)` or `void f(Context&, Outputs<Out>&)`' ;;
  'a guard that changes the context')
    guard='constexpr bool locked(Memory& m) { return m.locked = true; }'
    expected='a guard is `bool f(const Context&)` or `&Context::flag`' ;;
  'a context with padding')
    context='struct Memory { bool locked = false; std::uint16_t count = 0; };'
    expected='a context has no padding: equal contexts must be equal bytes' ;;
  'a context that owns memory')
    context='struct Memory { bool locked = false; std::vector<int> counts; };'
    expected='a context is plain data: it is snapshot as bytes' ;;
  'outputs wider than a byte')
    outputs='enum class Sound { creak };'
    expected='outputs are an enumeration of bytes' ;;
  'the number of an event without a row')
    use='struct Pull : Event<"pull"> {}; constexpr EventId kPull = event_id<Door, Pull>();'
    expected='no row of the machine is on this event' ;;
  'the number of a state that is not there')
    use='struct Gone : State<"GONE"> {}; constexpr auto kGone = state_id<Door, Gone>();'
    expected='the machine has no such state' ;;
  'a row written twice')
    include=$tabulated use=$check_definition
    table='using transition_table = Rows<FIRST, FIRST>;'
    expected='a row is written twice' ;;
  'a table that MSM sees empty')
    include=$tabulated use=$check_definition
    table='struct transition_table : Rows<FIRST> {};'
    expected='MSM would see an empty table' ;;
  'two regions')
    include=$tabulated use=$check_definition
    initial='using initial_state = boost::mp11::mp_list<Shut, Open>;'
    expected='one region: compose machines instead' ;;
  *) echo "error: no trap is called \`$trap_name\`" >&2; exit 2 ;;
esac

program="
$include
namespace halfclose::machine {
struct Shut : State<\"SHUT\"> {};
struct Open : State<\"OPEN\"> {};
$event
$context
$outputs
$guard
$effect
struct Door : Machine<Door, Memory, Sound> {
  static constexpr std::string_view name = \"door\";
  static constexpr std::string_view output_names[] = {\"creak\"};
  static std::string describe(const Memory&) { return {}; }
  $initial
  ${table//FIRST/$row}
};
$use
}
"

if said=$("${compile[@]}" <<<"$program" 2>&1); then
  [[ $trap_name == none ]] && exit 0
  echo "compiles: $trap_name"
  exit 1
fi
[[ $trap_name != none && $said == *"$expected"* ]] && exit 0
echo "wanted: ${expected:-no error}"
echo "$said"
exit 1
