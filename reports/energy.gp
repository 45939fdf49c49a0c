# $data: place, share of the energy in percent. causes, cause_name[], x_most
set border 1
set xrange [0:x_most]
set yrange [causes + 0.6:0.4]
set xtics autofreq numeric
set format x '%g'
set grid noytics
set grid xtics linetype 1 linewidth 0.7 linecolor rgb '#c8c8c8'
set ytics scale 0 ()
do for [i = 1:causes] {
    set ytics add (cause_name[i] i)
}
set lmargin at screen 150.0 / width
set tmargin at screen 1 - 12.0 / height
set xlabel 'share of the energy, %' offset 0, 0.6 textcolor rgb '#000000'
plot $data using (0):1:(0):2:($1 - 0.36):($1 + 0.36) with boxxyerror linecolor rgb '#0072b2' fillstyle solid 1 noborder, \
    '' using 2:1:(sprintf($2 < 9.95 ? '%.1f' : '%.0f', $2)) with labels left offset 0.6, 0 textcolor rgb '#000000'
