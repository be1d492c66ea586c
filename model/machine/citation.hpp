// Where a row comes from, as a type: it is printed beside the row and counted by the conformance
// report.
#pragma once

#include "model/machine/fixed_string.hpp"

#include <concepts>
#include <string_view>

namespace halfclose::machine {

template <FixedString Document, FixedString Clause> struct Citation {
  static constexpr std::string_view document = Document.view();
  static constexpr std::string_view clause = Clause.view();
};

template <FixedString Clause> struct Rfc9293 : Citation<"RFC 9293", Clause> {};
template <FixedString Clause> struct Rfc9112 : Citation<"RFC 9112", Clause> {};
template <FixedString Clause> struct Rfc9110 : Citation<"RFC 9110", Clause> {};
template <FixedString Clause> struct Rfc2525 : Citation<"RFC 2525", Clause> {};
template <FixedString Clause> struct Rfc5961 : Citation<"RFC 5961", Clause> {};
/// A rule of the Linux kernel: a function of net/ipv4, or a manual page.
template <FixedString Where> struct Linux : Citation<"Linux", Where> {};
/// A behaviour of one or more products, switched on by a profile flag.
template <FixedString Where> struct Product : Citation<"product", Where> {};
/// A row the model needs to be complete, where no standard speaks; the clause says why it is right.
template <FixedString Why> struct Model : Citation<"model", Why> {};

template <class T>
concept IsCitation = requires {
  { T::document } -> std::convertible_to<std::string_view>;
  { T::clause } -> std::convertible_to<std::string_view>;
};

}  // namespace halfclose::machine
