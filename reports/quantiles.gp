# $data: 1/(1 - q), then one column per curve, in ms. curves, curve_name[], curve_color[], curve_dash[]
@latency_tics
set logscale xy
set xrange [1:x_most]
set xtics ('50 %%' 2, '90 %%' 10, '99 %%' 100, '99.9 %%' 1000, '99.99 %%' 1e4, '99.999 %%' 1e5, '99.9999 %%' 1e6)
set grid xtics
set ylabel 'duration' textcolor rgb '#000000'
set key vertical maxrows 2
set tmargin at screen 1 - 50.0 / height
set rmargin at screen 1 - 44.0 / width
plot for [i = 1:curves] $data using 1:(column(i + 1)) with lines linetype curve_color[i] dashtype curve_dash[i] title curve_name[i]
