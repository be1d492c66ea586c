// What the pictures of a run for a terminal have in common: all but the diagram.
#pragma once

#include "proofs/witness/text.hpp"

namespace halfclose::proofs {

enum class Ink { none, faint, state, timer, bad, strong };

class TextPage {
 public:
  TextPage(const Witness& witness, const TextStyle& style);
  virtual ~TextPage() = default;

  std::string print();

 protected:
  /// Names above the lifelines.
  virtual void head() = 0;
  virtual void diagram() = 0;

  const char* glyph(const char* box, const char* plain) const { return style_.ascii ? plain : box; }
  std::string repeat(const char* box, const char* plain, int times) const;
  static std::string pad(std::string text, int width, bool right = false);
  std::string paint(Ink ink, const std::string& text) const;
  void line(std::string text);
  void paragraph(const std::string& text, int indent);
  /// The time of a row that opens an instant, padded; blanks for another.
  std::string time_of(const Row& row, bool opens) const;
  std::string arrival_label(int segment) const;
  void verdict(const Row& row);
  void still_flying();

  const Witness& w_;
  const Cast cast_;
  const TextStyle& style_;
  std::vector<Row> rows_;
  int time_width_ = 6, width_ = 0;

 private:
  void section(const char* name);
  void list(const char* name, const std::vector<Symptom>& symptoms);
  void timers();

  std::string text_;
};

/// One hop: words beside the lifelines of its two applications.
std::string hop_text(const Witness& witness, const TextStyle& style);
/// Any number of columns: narrow lifelines, and the words of all beside them.
std::string grid_text(const Witness& witness, const TextStyle& style);

}  // namespace halfclose::proofs
