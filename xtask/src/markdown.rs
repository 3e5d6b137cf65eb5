//! Markdown tables and lists that also read well in a terminal.

use std::fmt::{Display, Write as _};

/// A list, one line an item.
pub fn list(items: &[impl Display]) -> String {
    let mut text = String::new();
    for item in items {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "- {item}");
    }
    text
}

/// A table whose first column is text and whose others are figures, aligned to the right.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let width_of = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| width(cell));
        // A separator is at least three dashes.
        cells.chain([width(header[column]), 3]).max().unwrap_or(3)
    };
    let widths: Vec<usize> = (0..header.len()).map(width_of).collect();
    let mut text = line(header, &widths);
    text.push('|');
    for (column, width) in widths.iter().enumerate() {
        text.push_str(&"-".repeat(width + 1));
        text.push_str(if column == 0 { "-|" } else { ":|" });
    }
    text.push('\n');
    for row in rows {
        text.push_str(&line(row, &widths));
    }
    text
}

fn line(cells: &[impl AsRef<str>], widths: &[usize]) -> String {
    let mut text = "|".to_owned();
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let cell = cell.as_ref();
        let blanks = " ".repeat(width.saturating_sub(self::width(cell)));
        let parts = if column == 0 {
            [cell, &blanks]
        } else {
            [&blanks, cell]
        };
        text.push(' ');
        text.extend(parts);
        text.push_str(" |");
    }
    text.push('\n');
    text
}

/// Characters, not bytes: `×` is one column wide.
fn width(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_even_with_wide_bytes() {
        let rows = vec![
            vec!["mpremote".to_owned(), "15.40".to_owned(), "1.0×".to_owned()],
            vec!["auto".to_owned(), "4.51".to_owned(), "3.4×".to_owned()],
        ];
        assert_eq!(
            table(&["tool", "s", "ratio"], &rows),
            "| tool     |     s | ratio |\n\
             |----------|------:|------:|\n\
             | mpremote | 15.40 |  1.0× |\n\
             | auto     |  4.51 |  3.4× |\n"
        );
    }
}
