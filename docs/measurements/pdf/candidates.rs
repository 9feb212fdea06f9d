use std::{panic, time::Instant};
fn lopdf_text(b:&[u8])->Option<String>{let d=lopdf::Document::load_mem(b).ok()?;let p:Vec<u32>=d.get_pages().keys().copied().collect();d.extract_text(&p).ok()}
fn oxide(b:&[u8])->Option<String>{let d=pdf_oxide::document::PdfDocument::from_bytes(b.to_vec()).ok()?;let n=d.page_count().ok()?;let mut s=String::new();for i in 0..n{s+=&d.extract_text(i).ok()?;s.push('\n');}Some(s)}
fn main(){
 let a:Vec<String>=std::env::args().collect();
 let out=&a[1];
 for f in &a[2..]{
  let b=std::fs::read(f).unwrap();
  let stem=std::path::Path::new(f).file_stem().unwrap().to_str().unwrap().to_string();
  let libs:[(&str,&dyn Fn(&[u8])->Option<String>);3]=[("pdf-extract",&|b|pdf_extract::extract_text_from_mem(b).ok()),("lopdf",&lopdf_text),("pdf_oxide",&oxide)];
  for (n,l) in libs{
   let t=Instant::now();
   let r=panic::catch_unwind(panic::AssertUnwindSafe(||l(&b)));
   let ms=t.elapsed().as_secs_f64()*1e3;
   let (st,s)=match r{Ok(Some(s))=>("ok",s),Ok(None)=>("error",String::new()),Err(_)=>("panic",String::new())};
   std::fs::write(format!("{out}/{stem}.{n}.txt"),s).unwrap();
   println!("{stem}\t{n}\t{st}\t{ms:.2}");
  }
 }
}
