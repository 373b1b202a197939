//! Draws captchas. They are the only images that the sandbox recognises.

use captcha::RngCaptcha;
use captcha::filters::Wave;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// The characters of captchas. Characters that resemble others, plain or distorted, are left out.
pub const ALPHABET: &str = "abcdefhkmnpqrstuwxyz2345678";

const LENGTH: std::ops::RangeInclusive<usize> = 4..=6;
const HEIGHT: u32 = 110;
const MARGIN: u32 = 20;

/// A captcha and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// The text in the image.
    pub text: String,
    /// The image file.
    pub png: Vec<u8>,
}

/// Draws a captcha. The same text and seed always give the same image. Without a text, the seed chooses one.
pub fn draw(text: Option<&str>, seed: u32) -> Result<Drawing, String> {
    // All randomness must come from the seed. The crate's noise and dot filters don't take one, so we don't use them.
    let mut rng = StdRng::seed_from_u64(seed.into());
    let text = match text {
        Some(text) => checked(text)?.to_owned(),
        None => {
            let letters: Vec<char> = ALPHABET.chars().collect();
            let length = rng.random_range(LENGTH);
            (0..length).map(|_| letters[rng.random_range(0..letters.len())]).collect()
        }
    };
    let color = [0; 3].map(|_: u8| rng.random_range(10..110));
    let [wide, high] =
        [0; 2].map(|_: u8| Wave::new(rng.random_range(1.5..3.0), rng.random_range(4.0..8.0)));

    let mut captcha = RngCaptcha::from_rng(rng);
    for letter in text.chars() {
        captcha.set_chars(&[letter]).add_char();
    }
    let area = captcha.text_area();
    let png = captcha
        .apply_filter(wide.horizontal())
        .apply_filter(high.vertical())
        .view(area.right - area.left + 2 * MARGIN, HEIGHT)
        .set_color(color)
        .as_png();
    let png = png.ok_or("the captcha could not be drawn")?;
    Ok(Drawing { text, png })
}

fn checked(text: &str) -> Result<&str, String> {
    let fits = LENGTH.contains(&text.chars().count()) && text.chars().all(|c| ALPHABET.contains(c));
    let (least, most) = (LENGTH.start(), LENGTH.end());
    fits.then_some(text)
        .ok_or_else(|| format!("text must be {least} to {most} characters from {ALPHABET}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_decides_everything() {
        assert_eq!(draw(None, 5), draw(None, 5));
        assert_ne!(draw(None, 5), draw(None, 6));
        let [one, two] = [1, 2].map(|seed| draw(Some("w7kq"), seed).unwrap());
        assert_eq!(one.text, two.text);
        assert_ne!(one.png, two.png);
    }

    #[test]
    fn every_image_fits_both_services() {
        let widest = draw(Some("mmmmmm"), 1).unwrap();
        let narrowest = draw(Some("ffff"), 1).unwrap();
        for drawing in (0..40).map(|seed| draw(None, seed).unwrap()).chain([widest, narrowest]) {
            assert!((500..20_000).contains(&drawing.png.len()), "{}", drawing.png.len());
            assert!(drawing.png.starts_with(b"\x89PNG\r\n\x1a\n"));
            assert!(checked(&drawing.text).is_ok());
        }
    }

    #[test]
    fn every_letter_can_be_drawn() {
        let known = RngCaptcha::from_rng(StdRng::seed_from_u64(0)).supported_chars();
        assert!(ALPHABET.chars().all(|letter| known.contains(&letter)));
    }

    #[test]
    fn a_text_that_cannot_be_drawn_is_refused() {
        for text in ["", "abc", "abcdefh", "ab l", "ab0d", "ABCD", "äöüß"] {
            assert!(draw(Some(text), 1).is_err(), "{text}");
        }
    }
}
